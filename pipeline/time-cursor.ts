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

/** A cursor that was tampered with starts behind everything: the client gets an empty page and no error. */
export function decodePlace(cursor: string): TimePlace {
  const [, ms, id = ''] = /^(\d{1,15})\.([\w-]+)$/.exec(cursor) ?? [];
  const valid = Number(ms) <= lastMs && isDocumentId(id);
  return valid ? { at: new Date(Number(ms)), id } : { at: new Date(0), id: '0' };
}
