import type { Log } from '@spillway/pipeline/ports/ports.ts';

/** For the last heartbeat and the closing of connections, in milliseconds. */
const goodbyeMs = 2_000;

/**
 * Resolves when this process is asked to end: by SIGTERM, by SIGINT, or by the end of the program that started it with
 * an IPC channel. A second signal ends the process at once. So does a departure that takes more than two seconds
 * longer than `drainMs`: a call to a service that does not answer may hang for minutes, and other workers will claim
 * what is left.
 */
export function askedToEnd(log: Log, drainMs: number): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let asked = false;
  const ask = (why: string) => {
    if (asked && why !== 'disconnect') process.exit(1);
    if (!asked) setTimeout(() => process.exit(1), drainMs + goodbyeMs).unref();
    asked = true;
    log.info({ why }, 'Asked to end.');
    resolve(why);
  };
  process.on('SIGTERM', () => ask('SIGTERM'));
  process.on('SIGINT', () => ask('SIGINT'));
  process.on('disconnect', () => ask('disconnect'));
  return promise;
}
