import type { Log } from '@spillway/pipeline/ports/ports.ts';

/**
 * Resolves when this process is asked to end: SIGTERM, SIGINT, or the loss of the program that started it (where it
 * was started with an IPC channel). A second signal ends it at once.
 */
export function askedToEnd(log: Log): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let asked = false;
  const ask = (why: string) => {
    if (asked && why !== 'disconnect') process.exit(1);
    asked = true;
    log.info({ why }, 'Asked to end.');
    resolve(why);
  };
  process.on('SIGTERM', () => ask('SIGTERM'));
  process.on('SIGINT', () => ask('SIGINT'));
  process.on('disconnect', () => ask('disconnect'));
  return promise;
}
