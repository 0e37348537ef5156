import type { Query } from '@google-cloud/firestore';
import type { z } from 'zod';
import { decodePlace, encodePlace, type TimePlace } from '../time-cursor.ts';
import { withDates } from './documents.ts';
import { orOutage } from './outages.ts';

/**
 * One page of documents, the latest first. Those that are not valid are left out.
 * @param ordered By time, then by the document's id, both descending.
 * @param cursor Where the page before ended; null for the first page.
 */
export async function readTimePage<Entry extends TimePlace>(
  ordered: Query,
  schema: z.ZodType<Entry>,
  limit: number,
  cursor: string | null,
  what: string,
): Promise<{ entries: Entry[]; cursor: string | null }> {
  const place = cursor === null ? null : decodePlace(cursor);
  const query = place === null ? ordered : ordered.startAfter(place.at, place.id);
  const { docs } = await orOutage('Firestore', query.limit(limit + 1).get(), what);
  const entries = docs.slice(0, limit).flatMap((snapshot) => {
    const read = schema.safeParse(withDates(snapshot.data()));
    return read.success ? [read.data] : [];
  });
  const last = entries.at(-1);
  return { entries, cursor: last && docs.length > limit ? encodePlace(last) : null };
}
