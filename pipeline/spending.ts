import type { Conditions } from '@spillway/core/routing/question.ts';
import type { MinuteOfSpending, RouterState } from '@spillway/core/routing/state.ts';
import { type Steps, waitFor, waitForAll } from '@spillway/core/steps.ts';
import type { Ports } from './ports/ports.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** A minute that ended at least this number of minutes ago is added up once: whatever was decided in it is written by now. */
const settled = 2;
/** One settled minute in which something was spent is added up again in each of these, so that what was moved away is taken off. Milliseconds. */
const againEveryMs = 2_000;
/** Jobs of the last moments may have a time that is ahead of this process's clock by as much. Milliseconds. */
const aheadMs = minuteMs;

type Spending = Pick<RouterState, 'spentLastHour' | 'spentAt' | 'spentByMinute'>;

/**
 * What decisions of the last hour gave to Cloud Run: the sum over its minutes. A sweep adds up what was decided since the
 * minute before this one began, what is left of the minute that the hour began in, and one other minute: it reads four
 * minutes' entries at most, however much an hour has. The sum is exact but for jobs that were moved away from Cloud Run,
 * which count for up to two minutes more, and for writes that took longer than a minute.
 */
export function* sumSpending(before: Spending, now: Date, { sums }: Pick<Ports, 'sums'>): Steps<Spending> {
  const minute = Math.floor(now.getTime() / minuteMs);
  const first = minute - hourMs / minuteMs;
  const open = minute - settled + 1;
  const known = new Map(before.spentByMinute.map((each) => [each.minute, each.dollars]));
  const again = chosenAgain(before.spentByMinute, first, now);
  const asked = range(first, open).filter((each) => !known.has(each) || each === again);
  const hourAgo = now.getTime() - hourMs;

  const [lately, oldest, ...found] = yield* waitForAll([
    sums.runDollars(endOf(open - 1), now),
    // Nothing was spent in that minute: then nothing in its rest either.
    known.get(first) === 0 ? 0 : sums.runDollars(new Date(hourAgo), endOf(first)),
    ...asked.map((each) => sums.runDollars(endOf(each - 1), endOf(each))),
  ]);
  for (const [index, each] of asked.entries()) known.set(each, found[index] ?? 0);

  const minutes = range(first, open).map((each) => ({ minute: each, dollars: known.get(each) ?? 0 }));
  const spentLastHour = minutes.slice(1).reduce((sum, { dollars }) => sum + dollars, oldest) + lately;
  const isSame =
    spentLastHour === before.spentLastHour &&
    before.spentAt !== null &&
    now.getTime() - before.spentAt.getTime() < minuteMs;
  return { spentLastHour, spentAt: isSame ? before.spentAt : now, spentByMinute: minutes };
}

/** The settled minutes take turns. */
function chosenAgain(minutes: readonly MinuteOfSpending[], first: number, now: Date): number | null {
  const spentIn = minutes.filter(({ minute, dollars }) => minute > first && dollars > 0);
  const turn = Math.floor(now.getTime() / againEveryMs) % Math.max(1, spentIn.length);
  return spentIn[turn]?.minute ?? null;
}

/** From one number on, without the other. */
function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

/** The last millisecond of a minute. */
function endOf(minute: number): Date {
  return new Date((minute + 1) * minuteMs - 1);
}

/**
 * The conditions with what all routers have spent since the sweep has added it up. It is asked for only where an hour has a
 * limit, beside the ledger, and holds however many routers there are: more is spent only by decisions that are under way at
 * the same moment.
 */
export function* withSpendingSince<Given extends Conditions>(
  conditions: Given,
  { sums }: Pick<Ports, 'sums'>,
): Steps<Given> {
  const { settings, state, now } = conditions;
  if (settings.run.mostDollarsPerHour === null || state.spentAt === null) return conditions;
  const since = yield* waitFor(sums.runDollars(state.spentAt, new Date(now.getTime() + aheadMs)));
  return { ...conditions, state: { ...state, spentLastHour: state.spentLastHour + since } };
}
