import type { Part } from './rollup.ts';

/**
 * Rollups are kept at three levels. A record of a level is the sum of what the level below has for its time, and some
 * records that follow each other are in one document, so that whoever shows a range reads few.
 */
export const levels = ['minutes', 'tens', 'hours'] as const;
export type Level = (typeof levels)[number];

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** Milliseconds of one record. */
export const recordMs: Record<Level, number> = { minutes: minute, tens: 10 * minute, hours: hour };

/**
 * Milliseconds of one document. Records by worker, source and owner are larger, and no document of Firestore may have more
 * than a mebibyte.
 * @see https://firebase.google.com/docs/firestore/quotas#collections_documents_and_fields
 */
export function documentMs(level: Level, part: Part): number {
  switch (level) {
    case 'minutes':
      return 10 * minute;
    case 'tens':
      return hour;
    case 'hours':
      return part === 'jobs' || part === 'machines' ? day : 6 * hour;
    default:
      return level satisfies never;
  }
}

/** Milliseconds that rollups and the log of alerts are kept. */
export const keptRollupsMs = 30 * day;
/** Milliseconds that a shard is kept that nobody has merged. */
export const keptShardsMs = 3 * day;

/** The beginning of the record or document that a time is in. Documents begin at midnight UTC. */
export function startOf(ms: number, at: Date): Date {
  return new Date(Math.floor(at.getTime() / ms) * ms);
}

/** The id of a document. Ids of one level and part have the order of their times. */
export function documentId(level: Level, part: Part, at: Date): string {
  return `${level}.${part}.${startOf(documentMs(level, part), at).toISOString().slice(0, 16)}`;
}

/** The name of a record in its document. */
export function recordName(at: Date): string {
  return at.toISOString().slice(0, 16);
}

export function timeOfRecord(name: string): Date {
  return new Date(`${name}:00.000Z`);
}

export const ranges = ['15m', '3h', '24h', '7d', '30d'] as const;
export type Range = (typeof ranges)[number];

export interface RangeShape {
  /** Milliseconds. */
  ms: number;
  /** The coarsest level that is read. */
  level: Level;
  /** Milliseconds from one point of a chart to the next. */
  stepMs: number;
}

export const rangeShapes: Record<Range, RangeShape> = {
  '15m': { ms: 15 * minute, level: 'minutes', stepMs: minute },
  '3h': { ms: 3 * hour, level: 'minutes', stepMs: minute },
  '24h': { ms: day, level: 'tens', stepMs: 10 * minute },
  '7d': { ms: 7 * day, level: 'hours', stepMs: hour },
  '30d': { ms: 30 * day, level: 'hours', stepMs: 4 * hour },
};

/** The level whose records are added up to those of this one; null for the lowest. */
export function levelBelow(level: Level): Level | null {
  return levels[levels.indexOf(level) - 1] ?? null;
}
