import { ewma } from '@spillway/core/forecast/ewma.ts';
import { createForecaster, type Forecaster } from '@spillway/core/forecast/forecaster.ts';
import { holtWinters } from '@spillway/core/forecast/holt-winters.ts';
import { lastValue } from '@spillway/core/forecast/last-value.ts';
import { learnedModel } from '@spillway/core/forecast/learned.ts';

/** The forecasters that are compared, the one by which others are measured first. */
export const forecasters = {
  'last-value': hidden(createForecaster(lastValue)),
  ewma: hidden(createForecaster(ewma())),
  'holt-winters': hidden(createForecaster(holtWinters())),
  learned: hidden(createForecaster(learnedModel())),
} as const;
export type ForecasterName = keyof typeof forecasters;
export const forecasterNames = Object.keys(forecasters) as ForecasterName[];

/** What a forecaster keeps is its own business. */
export interface RunningForecaster {
  observe: (seen: Parameters<Forecaster<unknown>['observe']>[1]) => void;
  predict: (minute: number) => ReturnType<Forecaster<unknown>['predict']>;
}

/** Makes forecasters that have seen nothing. */
export type StartForecaster = () => RunningForecaster;

export function hidden<Series>(forecaster: Forecaster<Series>): StartForecaster {
  return () => {
    let state = forecaster.initial;
    return {
      observe(seen) {
        state = forecaster.observe(state, seen);
      },
      predict: (minute) => forecaster.predict(state, minute),
    };
  };
}
