import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '@spillway/core/errors.ts';
import type { ThreadMessage } from './messages.ts';
import { type WhatIfQuestion, whatIf } from './what-if.ts';

/** The program of a worker thread: one question, its progress, its answer. Whoever started it may end it at any time. */
function tell(message: ThreadMessage): void {
  parentPort?.postMessage(message);
}

try {
  const answer = whatIf(workerData as WhatIfQuestion, (share) => tell({ kind: 'progress', share }));
  tell({ kind: 'answer', answer });
} catch (error) {
  tell({ kind: 'failed', why: messageOf(error) });
}
