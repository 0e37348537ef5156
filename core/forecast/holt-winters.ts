import { z } from 'zod';
import { type SeriesModel, transformed } from './series-model.ts';

/** The day's curve has this many points; between two of them it is a straight line. */
const points = 96;
const minutesOfDay = 1_440;
const minutesOfPoint = minutesOfDay / points;

export interface HoltWintersParameters {
  /** Share of an error that goes into the level, into the trend, and into the day's curve. */
  level: number;
  trend: number;
  season: number;
  /** What is left of the trend from one minute to the next. */
  damping: number;
}

const defaultParameters: HoltWintersParameters = { level: 0.3, trend: 0.005, season: 0.06, damping: 0.9 };
/** Share of a squared error in the variance. */
const varianceWeight = 0.02;
/** Of the day's curve: no time of the day is so quiet that nothing could be learned there. */
const leastFactor = 0.1;
/** Of the level, where it divides. */
const leastLevel = 0.5;
/** Of the level within a minute, beyond what the minute's count says by itself. */
const mostGrowth = 3;

const dayCurve = z.array(z.number()).length(points);
const stateSchema = z.object({
  level: z.number(),
  trend: z.number(),
  /** Variance of the forecasts for the next minute. */
  variance: z.number().min(0),
  /** Null until a day's worth of minutes was counted. */
  season: dayCurve.nullable(),
  /** Sums and numbers of the first day's values, by point; null once the season is known. */
  firstDay: z.object({ sums: dayCurve, counted: z.array(z.int().min(0)).length(points) }).nullable(),
});
type State = z.infer<typeof stateSchema>;

/**
 * Level, damped trend and a curve of the day, all of them exponentially smoothed: the method of Holt and Winters with a
 * damped trend and a multiplicative season, in its error-correction form, over square roots of counts. The roots of
 * Poisson's counts have the same variance at every rate (Bartlett, "The square root transformation in analysis of
 * variance", 1936), and the mean of the squares is the square of the mean plus that variance.
 *
 * Until a day was counted there is no curve: it is level and damped trend alone.
 * @see https://otexts.com/fpp3/holt-winters.html
 * @see https://otexts.com/fpp3/ets.html for the error-correction form
 */
export function holtWinters(parameters = defaultParameters): SeriesModel<State> {
  const { damping } = parameters;

  /** Sum of what is left of the trend over this number of minutes. */
  const damped = (minutes: number) => (damping * (1 - damping ** minutes)) / (1 - damping);

  return {
    name: 'Holt-Winters',
    version: 1,
    stateSchema,
    observe(before, count, { minute, missed }) {
      const value = Math.sqrt(count);
      if (before === null) return stateOfFirst(value, minute);
      const minutes = missed + 1;
      const from = Math.max(0, before.level + before.trend * damped(minutes));
      const factor = seasonAt(before.season, minute);
      const error = value - from * factor;
      const share = 1 - (1 - parameters.level) ** minutes;
      const next = {
        // A burst in a quiet hour must not stand for many times as much in a busy one.
        level: Math.min(from + (share * error) / factor, Math.max(mostGrowth * from, value)),
        trend: damping ** minutes * before.trend + (parameters.trend * error) / factor,
        variance: before.variance + varianceWeight * (error ** 2 - before.variance),
      };
      if (before.season === null) return { ...next, ...learnFirstDay(before, value, minute, next.level) };
      // One burst changes the curve by no more than one minute of twice the usual does.
      const bend = parameters.season * Math.min(factor, error / Math.max(leastLevel, from));
      return { ...next, firstDay: null, ...centred(bent(before.season, minute, bend), next.level) };
    },
    expected({ level, trend, season, variance }, minute, ahead) {
      const value = Math.max(0, level + trend * damped(ahead)) * seasonAt(season, minute + ahead);
      return transformed.countOf(value, variance);
    },
  };
}

function stateOfFirst(value: number, minute: number): State {
  const state = { level: value, trend: 0, variance: transformed.poissonVariance, season: null };
  const zeros = () => new Array<number>(points).fill(0);
  return { ...state, firstDay: firstDayWith({ sums: zeros(), counted: zeros() }, value, minute) };
}

type FirstDay = NonNullable<State['firstDay']>;

function firstDayWith({ sums, counted }: FirstDay, value: number, minute: number): FirstDay {
  const at = Math.floor(placeOf(minute));
  return { sums: sums.with(at, (sums[at] ?? 0) + value), counted: counted.with(at, (counted[at] ?? 0) + 1) };
}

/** After a day's worth of minutes, the curve is how far each point's mean is from the mean of all. */
function learnFirstDay(
  before: State,
  value: number,
  minute: number,
  level: number,
): Pick<State, 'level' | 'season' | 'firstDay'> {
  if (before.firstDay === null) return { level, season: null, firstDay: null };
  const firstDay = firstDayWith(before.firstDay, value, minute);
  const { sums, counted } = firstDay;
  const minutes = counted.reduce((sum, each) => sum + each, 0);
  if (minutes < minutesOfDay) return { level, season: null, firstDay };
  const mean = sums.reduce((sum, each) => sum + each, 0) / minutes;
  // A point that was never counted is like the mean.
  const season = sums.map((sum, at) => {
    const times = counted[at] ?? 0;
    return times === 0 || mean === 0 ? 1 : Math.max(leastFactor, sum / times / mean);
  });
  return { ...centred(season, level / seasonAt(season, minute)), firstDay: null };
}

/** The curve's mean is 1, so that it and the level cannot drift apart. */
function centred(season: number[], level: number): { level: number; season: number[] } {
  const mean = season.reduce((sum, each) => sum + each, 0) / points;
  return { level: level * mean, season: season.map((each) => Math.max(leastFactor, each / mean)) };
}

function seasonAt(season: readonly number[] | null, minute: number): number {
  if (season === null) return 1;
  const { before, after, share } = neighbours(minute);
  return (1 - share) * (season[before] ?? 1) + share * (season[after] ?? 1);
}

/** Moves the two points beside this minute, the nearer one more. */
function bent(season: readonly number[], minute: number, by: number): number[] {
  const { before, after, share } = neighbours(minute);
  const moved = season.with(before, (season[before] ?? 0) + (1 - share) * by);
  moved[after] = (moved[after] ?? 0) + share * by;
  return moved;
}

/** The points beside a minute. A point is in the middle of its quarter of an hour. */
function neighbours(minute: number): { before: number; after: number; share: number } {
  const place = (placeOf(minute) - 0.5 + points) % points;
  const before = Math.floor(place);
  return { before, after: (before + 1) % points, share: place - before };
}

function placeOf(minute: number): number {
  return (((minute % minutesOfDay) + minutesOfDay) % minutesOfDay) / minutesOfPoint;
}
