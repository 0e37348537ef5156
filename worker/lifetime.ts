import type { Log } from '@spillway/pipeline/ports/ports.ts';

/** For the last heartbeat and the closing of connections, in milliseconds. */
const goodbyeMs = 2_000;

/**
 * Resolves when this process is asked to end: SIGTERM, SIGINT, or the loss of the program that started it (where it
 * was started with an IPC channel). A second signal ends it at once, and so does a departure that takes longer than
 * `drainMs` and a little: a call to a service that is gone may hang for minutes, and what is left undone is claimed
 * by others in time.
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
