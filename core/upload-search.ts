import { z } from 'zod';
import { keptAfterEndMs } from './transitions.ts';

const dayMs = 24 * 3_600_000;

/**
 * The searches for uploads that never became jobs. `last_day` and `two_weeks` are made again and again; `asked` goes back
 * as far as an admin says.
 */
export const searchKinds = ['last_day', 'two_weeks', 'asked'] as const;
export type SearchKind = (typeof searchKinds)[number];

/** How far back a search looks that is made again and again, in milliseconds. */
export const searchWindowMs = { last_day: dayMs, two_weeks: 14 * dayMs } as const satisfies Partial<
  Record<SearchKind, number>
>;

/** One look through a bucket, from its first name to its last. It may take several runs. */
const searchRoundSchema = z.object({
  startedAt: z.coerce.date(),
  /** Objects that were created before are not looked at. */
  from: z.coerce.date(),
  /** The last name of what was looked at; null before the first page. */
  behind: z.string().nullable(),
  /** Whether all that was looked at has its jobs: nothing was passed over. */
  isClean: z.boolean().default(false),
});
export type SearchRound = z.infer<typeof searchRoundSchema>;

/** How far one kind of search has come in one bucket: it outlives runs and processes. */
export const searchPlaceSchema = z.object({
  revision: z.int().min(0).default(0),
  /** The round under way; null between two. */
  round: searchRoundSchema.nullable().default(null).catch(null),
  /** When the last round began that came to its end; null before the first. */
  coveredAt: z.coerce.date().nullable().default(null).catch(null),
  /** When the last of these began that passed nothing over; null before the first. */
  cleanAt: z.coerce.date().nullable().default(null).catch(null),
});
export type SearchPlace = z.infer<typeof searchPlaceSchema>;

export const initialSearchPlace: SearchPlace = searchPlaceSchema.parse({});

/**
 * How far back a search goes by itself at most, in milliseconds. The documents of jobs that ended before are removed, and
 * their uploads would count as lost.
 */
const mostBackMs = keptAfterEndMs - dayMs;
/** The clocks of storage and database may differ by this much. Milliseconds. */
const clockSkewMs = 300_000;
/** A search that an admin asked for and that was cut off is taken up within this time. Milliseconds. */
const askedAgainWithinMs = dayMs;

/**
 * The round to go on with, or a new one. A round that looks back far enough is taken up. A new round begins where the
 * last complete one saw everything, so that nothing falls between two, however long nobody searched: but no earlier than
 * documents are kept. What a round before it found in order is left out, since each lookup costs a read of the database. A search that an admin asks for goes back as far as
 * asked, whatever that means.
 * @param windowMs How far back to look at least, in milliseconds.
 * @param youngestMs Objects that are younger are left to a later round, in milliseconds.
 */
export function nextRound(
  place: SearchPlace,
  now: Date,
  { kind, windowMs, youngestMs }: { kind: SearchKind; windowMs: number; youngestMs: number },
): { round: SearchRound; takenUp: boolean } {
  const { round, coveredAt, cleanAt } = place;
  const isAsked = kind === 'asked';
  const inOrder = isAsked || cleanAt === null ? 0 : cleanAt.getTime() - youngestMs - clockSkewMs;
  const wanted = Math.max(now.getTime() - windowMs, inOrder);
  const isOpen =
    round !== null && (!isAsked || now.getTime() - round.startedAt.getTime() < askedAgainWithinMs);
  const seen = isAsked || coveredAt === null ? Number.POSITIVE_INFINITY : coveredAt.getTime() - youngestMs;
  const earliest = isAsked ? 0 : Math.max(0, now.getTime() - mostBackMs);
  const notBefore = (ms: number) => new Date(Math.max(earliest, ms));
  if (isOpen && round.from.getTime() <= wanted) {
    return { round: { ...round, from: notBefore(round.from.getTime()) }, takenUp: true };
  }
  return {
    round: { startedAt: now, from: notBefore(Math.min(wanted, seen)), behind: null, isClean: true },
    takenUp: false,
  };
}

/** The place once a page was looked at, of which something or nothing was passed over; `next` is the page's. */
export function advanced(
  place: SearchPlace,
  round: SearchRound,
  { next, passedOver }: { next: string | null; passedOver: number },
): SearchPlace {
  const isClean = round.isClean && passedOver === 0;
  if (next !== null) return { ...place, round: { ...round, behind: next, isClean } };
  const { startedAt } = round;
  return { ...place, round: null, coveredAt: startedAt, cleanAt: isClean ? startedAt : place.cleanAt };
}

/** A round of two weeks begins once a day. It is less than a day, so that a call that comes a little early counts. */
const everyDayMs = dayMs - 1_800_000;

/** Whether the search of two weeks is due: its last round was cut off, or began a day ago. */
export function isDue({ round, coveredAt }: SearchPlace, now: Date): boolean {
  return round !== null || coveredAt === null || now.getTime() - coveredAt.getTime() >= everyDayMs;
}
