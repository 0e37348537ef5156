import { createHash } from 'node:crypto';
import { keptPassedOverMs, type PassedOver } from '@spillway/core/passed-over.ts';
import { mostIndexedBytes, shownText } from '@spillway/core/text.ts';
import type { PassedOverNote } from './ports/passed-over.ts';

/** The same item is written again after this time, in milliseconds. */
const quietMs = 60_000;

/** The document's id. */
export function idOf({ task, item }: PassedOverNote): string {
  return createHash('sha256')
    .update(JSON.stringify([task, item]))
    .digest('hex')
    .slice(0, 32);
}

/** The document after another meeting; null where it was met just now. */
export function metAgain(
  before: PassedOver | null,
  { task, item, why }: PassedOverNote,
  now: Date,
): PassedOver | null {
  if (before && now.getTime() - before.lastAt.getTime() < quietMs) return null;
  return {
    task,
    item: shownText(item, mostIndexedBytes),
    why: shownText(why, mostIndexedBytes),
    since: before?.since ?? now,
    lastAt: now,
    times: (before?.times ?? 0) + 1,
    expiresAt: new Date(now.getTime() + keptPassedOverMs[task]),
  };
}
