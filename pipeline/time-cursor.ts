import { InvalidCursorError } from '@spillway/core/errors.ts';
import { isDocumentId } from '@spillway/core/text.ts';

/** Where a list that is ordered by a time, the latest first, goes on. */
export interface TimePlace {
  at: Date;
  id: string;
}

/** Of the year 9999: Firestore has no later time. Milliseconds. */
const lastMs = 253_402_300_799_999;

export function encodePlace({ at, id }: TimePlace): string {
  return `${at.getTime()}.${id}`;
}

/** @throws InvalidCursorError where the cursor is none that `encodePlace` makes. */
export function decodePlace(cursor: string): TimePlace {
  const [, ms, id = ''] = /^(\d{1,15})\.([\w-]+)$/.exec(cursor) ?? [];
  if (ms === undefined || Number(ms) > lastMs || !isDocumentId(id)) throw new InvalidCursorError();
  return { at: new Date(Number(ms)), id };
}
