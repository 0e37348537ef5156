import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { ThreadMessage } from './messages.ts';
import type { WhatIfAnswer, WhatIfQuestion } from './what-if.ts';

/** Megabytes of JavaScript objects that a run may keep: 2,000 jobs need a part of it. */
const mostMegabytes = 320;

export type Asked =
  | { kind: 'answered'; answer: WhatIfAnswer }
  /** It was cancelled, or took too long: the signal's reason. */
  | { kind: 'ended' }
  | { kind: 'failed'; why: string };

/**
 * Plays a question in a worker thread, so that the program goes on with other things. The thread ends with the answer, or with
 * the signal.
 */
export function askWhatIf(
  question: WhatIfQuestion,
  signal: AbortSignal,
  onProgress: (share: number) => void,
): Promise<Asked> {
  if (signal.aborted) return Promise.resolve({ kind: 'ended' });
  const { promise, resolve } = Promise.withResolvers<Asked>();
  const thread = new Worker(fileURLToPath(new URL('./thread.ts', import.meta.url)), {
    workerData: question,
    resourceLimits: { maxOldGenerationSizeMb: mostMegabytes },
    // Nothing of this program's settings and secrets is its business.
    env: {},
  });
  const end = (asked: Asked) => {
    signal.removeEventListener('abort', abort);
    void thread.terminate();
    resolve(asked);
  };
  const abort = () => end({ kind: 'ended' });
  thread.on('message', (message: ThreadMessage) => {
    switch (message.kind) {
      case 'progress':
        return onProgress(message.share);
      case 'answer':
        return end({ kind: 'answered', answer: message.answer });
      case 'failed':
        return end({ kind: 'failed', why: message.why });
      default:
        return message satisfies never;
    }
  });
  thread.on('error', (error) => end({ kind: 'failed', why: String(error) }));
  thread.on('exit', () => end({ kind: 'failed', why: 'The simulation ended without an answer.' }));
  signal.addEventListener('abort', abort);
  return promise;
}
