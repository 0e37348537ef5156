import { setTimeout as delay } from 'node:timers/promises';
import { parentOf } from './processes.ts';

const parentEveryMs = 1_000;
/** Ctrl-C reaches every process of a terminal, and npm passes it on a second time. Milliseconds. */
const oneKeyPressMs = 1_000;

/**
 * Resolves with the reason when this process is asked to end: by a signal, or by the end of the npm that started it.
 * @param onSecond Called for each signal after the first.
 */
export function askedToEnd(onSecond: (signal: NodeJS.Signals) => void = () => {}): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let askedAt: number | null = null;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      const isEcho = signal === 'SIGINT' && askedAt !== null && performance.now() - askedAt < oneKeyPressMs;
      if (askedAt !== null && !isEcho) onSecond(signal);
      askedAt ??= performance.now();
      resolve(signal);
    });
  }
  if (process.env.npm_lifecycle_event !== undefined) void npmEnds().then(() => resolve('npm has ended'));
  return promise;
}

/** npm and its shell do not always forward a signal, and cannot if they are killed themselves. */
async function npmEnds(): Promise<void> {
  const shell = process.ppid;
  const npm = parentOf(shell);
  while (process.ppid === shell && parentOf(shell) === npm) {
    await delay(parentEveryMs, undefined, { ref: false });
  }
}
