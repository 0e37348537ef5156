import { decodePlace, encodePlace, type TimePlace } from '../time-cursor.ts';

/** One page of entries, the latest first. */
export function timePage<Entry extends TimePlace>(
  all: readonly Entry[],
  limit: number,
  cursor: string | null,
): { entries: Entry[]; cursor: string | null } {
  const place = cursor === null ? null : decodePlace(cursor);
  const following = all
    .toSorted(latestFirst)
    .filter((entry) => place === null || latestFirst(entry, place) > 0);
  const entries = following.slice(0, limit);
  const last = entries.at(-1);
  return { entries, cursor: last && following.length > limit ? encodePlace(last) : null };
}

function latestFirst(a: TimePlace, b: TimePlace): number {
  return b.at.getTime() - a.at.getTime() || (b.id > a.id ? 1 : b.id < a.id ? -1 : 0);
}
