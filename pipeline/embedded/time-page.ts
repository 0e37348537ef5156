import type { StatementSync } from 'node:sqlite';
import type { z } from 'zod';
import { decodePlace, encodePlace, type TimePlace } from '../time-cursor.ts';
import { jsonOf } from './documents.ts';

/**
 * One page of documents, the latest first. Those that are not valid are left out.
 * @param latest Selects `document` of rows before a time and an id, its last three parameters being these and a limit.
 * @param first Its other parameters.
 * @param cursor Where the page before ended; null for the first page.
 */
export function readTimePage<Entry extends TimePlace>(
  latest: StatementSync,
  first: readonly string[],
  schema: z.ZodType<Entry>,
  limit: number,
  cursor: string | null,
): { entries: Entry[]; cursor: string | null } {
  const place = cursor === null ? null : decodePlace(cursor);
  const from = place ? [place.at.getTime(), place.id] : [Number.MAX_SAFE_INTEGER, ''];
  const rows = latest.all(...first, ...from, limit + 1);
  const entries = rows.slice(0, limit).flatMap(({ document }) => {
    const read = schema.safeParse(jsonOf(document));
    return read.success ? [read.data] : [];
  });
  const last = entries.at(-1);
  return { entries, cursor: last && rows.length > limit ? encodePlace(last) : null };
}
