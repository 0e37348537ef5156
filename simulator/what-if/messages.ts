import type { WhatIfAnswer } from './what-if.ts';

/** What the thread tells. */
export type ThreadMessage =
  | { kind: 'progress'; share: number }
  | { kind: 'answer'; answer: WhatIfAnswer }
  | { kind: 'failed'; why: string };
