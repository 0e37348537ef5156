import type { MinuteForecast, MinuteOfArrivals } from '@spillway/core/forecast/forecaster.ts';
import { upperShare } from '@spillway/core/forecast/upper.ts';
import { type OperationName, operationNames } from '@spillway/core/operations.ts';
import type { StartForecaster } from './forecasters.ts';

/** Minutes ahead at which forecasts are judged. */
export const judgedAhead = [1, 5, 15] as const;

/** How one forecaster did for a number of minutes ahead, over all operations. */
export interface Accuracy {
  ahead: number;
  /**
   * Mean absolute scaled error: the mean absolute error as a multiple of that of the last value for one minute ahead, on
   * the minutes before those that are judged (Hyndman and Koehler, "Another look at measures of forecast accuracy", 2006).
   */
  mase: number;
  /** Mean pinball loss of the upper forecast, in arrivals a minute (Koenker and Bassett, "Regression quantiles", 1978). */
  pinball: number;
  /** Share of minutes that the upper forecast covers. */
  covered: number;
}

/**
 * Lets a forecaster see minute after minute, and judges its forecasts for the minutes from `judgedFrom` on.
 * @param minutes In a row, none missing.
 */
export function backtest(
  start: StartForecaster,
  minutes: readonly MinuteOfArrivals[],
  judgedFrom: number,
): Accuracy[] {
  const forecaster = start();
  const sums = judgedAhead.map((ahead) => ({ ahead, error: 0, pinball: 0, covered: 0, judged: 0 }));
  for (const [index, seen] of minutes.entries()) {
    forecaster.observe(seen);
    const forecast = forecaster.predict(seen.minute);
    for (const sum of sums) {
      const target = minutes[index + sum.ahead];
      if (!target || target.minute < judgedFrom) continue;
      for (const operation of operationNames) {
        const minute = forecast?.get(operation)?.minutes[sum.ahead - 1];
        if (minute) judge(minute, countOf(target, operation), sum);
      }
    }
  }
  const scale = naiveError(minutes.filter(({ minute }) => minute < judgedFrom));
  return sums.map(({ ahead, error, pinball, covered, judged }) => ({
    ahead,
    mase: error / judged / scale,
    pinball: pinball / judged,
    covered: covered / judged,
  }));
}

function judge(
  { expected, upper }: MinuteForecast,
  count: number,
  sum: { error: number; pinball: number; covered: number; judged: number },
): void {
  sum.error += Math.abs(count - expected);
  sum.pinball += count > upper ? upperShare * (count - upper) : (1 - upperShare) * (upper - count);
  sum.covered += count <= upper ? 1 : 0;
  sum.judged++;
}

/** Mean absolute error of the last value for one minute ahead. */
function naiveError(minutes: readonly MinuteOfArrivals[]): number {
  let error = 0;
  let judged = 0;
  for (const [index, seen] of minutes.entries()) {
    const next = minutes[index + 1];
    if (!next) continue;
    for (const operation of operationNames) {
      error += Math.abs(countOf(next, operation) - countOf(seen, operation));
      judged++;
    }
  }
  return error / judged;
}

function countOf({ byOperation }: MinuteOfArrivals, operation: OperationName): number {
  return byOperation[operation]?.count ?? 0;
}
