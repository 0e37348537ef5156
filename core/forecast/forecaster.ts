import { z } from 'zod';
import { operationNameForm } from '../operations/operation.ts';
import { isOperationName, mostOperations, type OperationName, operationNames } from '../operations.ts';
import { type CountedAt, mostAhead, type SeriesModel } from './series-model.ts';
import {
  initialUpper,
  issueUpper,
  observeUpper,
  type UpperState,
  upperOf,
  upperStateSchema,
} from './upper.ts';

/** What arrived of one operation within a minute. */
export interface Arrived {
  count: number;
  /** Sum of the jobs' `vmWorkMs`. */
  workMs: number;
}

/** What arrived within one whole minute. An operation that is not named had no arrival. */
export interface MinuteOfArrivals {
  /** Whole minutes since 1970: `minuteOf` the job's arrival. */
  minute: number;
  byOperation: Readonly<Partial<Record<OperationName, Arrived>>>;
}

/** Arrivals of one minute to come. */
export interface MinuteForecast {
  expected: number;
  /** Nine of ten such minutes have at most this many. */
  upper: number;
}

/** What is to come of one operation. */
export interface OperationForecast {
  /** For 1 to 15 minutes ahead, in this order. */
  minutes: MinuteForecast[];
  /** Mean of the jobs' `vmWorkMs` lately: milliseconds of one slot of a VM. */
  workMs: number;
}

export type ArrivalForecast = ReadonlyMap<OperationName, OperationForecast>;

/** All that a forecaster keeps from minute to minute. `Series` is what its model keeps of one operation. */
export interface ForecastState<Series> {
  model: string;
  version: number;
  /** The minute that was counted last; null before the first. */
  minute: number | null;
  byOperation: Record<string, { series: Series; upper: UpperState; workMs: number | null }>;
}

/** Forecasts the arrivals of every operation. It is pure, and its state is made of plain values. */
export interface Forecaster<Series> {
  name: string;
  stateSchema: z.ZodType<ForecastState<Series>>;
  initial: ForecastState<Series>;
  /**
   * The state after one more minute. A minute that was counted before changes nothing, unless it lies so far back that
   * the clock must have been wrong: then time goes on from it.
   */
  observe(before: ForecastState<Series>, seen: MinuteOfArrivals): ForecastState<Series>;
  /**
   * The 15 minutes after `minute`, which is the last that has passed. Null where nothing was counted within the hour
   * before it.
   */
  predict(state: ForecastState<Series>, minute: number): ArrivalForecast | null;
}

/** An older count says nothing of the next minutes. */
const mostStaleMinutes = 60;
/** A clock that goes back further was wrong before: what it counted is not counted again within this time. */
const mostMinutesBack = 60;
/** A larger count is an error of whoever counted. */
const mostCount = 1e7;
/** Weight of one minute's jobs in the mean of the work. */
const workWeight = 0.05;

export function minuteOf(date: Date): number {
  return Math.floor(date.getTime() / 60_000);
}

export function createForecaster<Series>(model: SeriesModel<Series>): Forecaster<Series> {
  const { name, version } = model;
  const operationSchema = z.object({
    series: model.stateSchema,
    upper: upperStateSchema,
    workMs: z.number().min(0).nullable(),
  });
  const byOperation = z
    .record(operationNameForm, operationSchema)
    .refine((series) => Object.keys(series).length <= mostOperations, 'names too many operations');
  const stateSchema = z.object({
    model: z.literal(name),
    version: z.literal(version),
    minute: z.int().nullable(),
    byOperation,
  });

  return {
    name,
    stateSchema,
    initial: { model: name, version, minute: null, byOperation: {} },
    observe(before, { minute, byOperation: arrived }) {
      if (!Number.isSafeInteger(minute)) return before;
      const sinceMinutes = before.minute === null ? 1 : minute - before.minute;
      if (sinceMinutes <= 0 && sinceMinutes >= -mostMinutesBack) return before;
      const at = { minute, missed: Math.max(0, sinceMinutes - 1) };
      const observed = operationNames.map((operation) => {
        const seen = arrived[operation] ?? { count: 0, workMs: 0 };
        return [operation, observeOperation(before.byOperation[operation], seen, at)] as const;
      });
      return { ...before, minute, byOperation: Object.fromEntries(observed) };
    },
    predict({ minute: counted, byOperation: known }, minute) {
      if (counted === null) return null;
      const stale = minute - counted;
      if (stale < 0 || stale > mostStaleMinutes) return null;
      const forecast = new Map<OperationName, OperationForecast>();
      for (const [operation, { series, upper, workMs }] of Object.entries(known)) {
        if (!isOperationName(operation)) continue;
        const minutes = Array.from({ length: mostAhead }, (_, index) => {
          const ahead = index + 1 + stale;
          const expected = model.expected(series, counted, ahead);
          return { expected, upper: upperOf(upper, expected, ahead) };
        });
        forecast.set(operation, { minutes, workMs: workMs ?? 0 });
      }
      return forecast;
    },
  };

  function observeOperation(
    before: ForecastState<Series>['byOperation'][string] | undefined,
    { count: counted, workMs }: Arrived,
    at: CountedAt,
  ): ForecastState<Series>['byOperation'][string] {
    const count = boundedCount(counted);
    const series = model.observe(before?.series ?? null, count, at);
    const compared = observeUpper(before?.upper ?? initialUpper, at.minute, count);
    const upper = issueUpper(compared, at.minute, (ahead) => model.expected(series, at.minute, ahead));
    return { series, upper, workMs: meanWork(before?.workMs ?? null, count, workMs) };
  }
}

function boundedCount(count: number): number {
  return count > 0 ? Math.min(count, mostCount) : 0;
}

function meanWork(before: number | null, count: number, workMs: number): number | null {
  if (count === 0 || !(workMs >= 0) || workMs === Number.POSITIVE_INFINITY) return before;
  const mean = workMs / count;
  return before === null ? mean : before + workWeight * (mean - before);
}
