import type { ObjectChange } from './notification-event.ts';
import type { ObjectVersion } from './object-version.ts';
import type { SoftDeletedVersion } from './soft-delete.ts';

/** Everything about one object name. */
export interface ObjectRecord {
  bucket: string;
  name: string;
  live?: ObjectVersion;
  /** Older generations, newest first; only in buckets with versioning. */
  noncurrent: ObjectVersion[];
  /** Newest first. */
  softDeleted?: SoftDeletedVersion[];
}

/** The effects of ending the live version: the older versions, the notifications, and the versions that are no more. */
export interface Retirement {
  noncurrent: ObjectVersion[];
  changes: ObjectChange[];
  ended: ObjectVersion[];
}

/** Ends the live version. With versioning it becomes the newest noncurrent one, otherwise it is deleted. */
export function retireLive(
  { live, noncurrent }: ObjectRecord,
  by: { versioned: boolean; time: string; overwrittenBy: string | undefined },
): Retirement {
  const { versioned, time, overwrittenBy } = by;
  if (!live) return { noncurrent, changes: [], ended: [] };
  if (!versioned) {
    return { noncurrent, changes: [{ type: 'OBJECT_DELETE', version: live, overwrittenBy }], ended: [live] };
  }
  const archived = { ...live, timeDeleted: time };
  return {
    noncurrent: [archived, ...noncurrent],
    changes: [{ type: 'OBJECT_ARCHIVE', version: archived, overwrittenBy }],
    ended: [],
  };
}

/** Versions that can be read, newest first. */
export function versionsOf(record: ObjectRecord | undefined): ObjectVersion[] {
  if (!record) return [];
  return record.live ? [record.live, ...record.noncurrent] : record.noncurrent;
}

/** Those, and what can be restored: all that have bytes. */
export function everyVersionOf(record: ObjectRecord): ObjectVersion[] {
  return [...versionsOf(record), ...(record.softDeleted ?? [])];
}
