import { z } from 'zod';
import { interpolated, learnedAhead } from './ahead.ts';
import { mostAhead, type SeriesModel, transformed } from './series-model.ts';
import { solveSymmetric } from './solve.ts';

/** Minutes of the longest lag. */
const longestLag = 15;
const keptMinutes = longestLag + mostAhead;
/** Sines and cosines of the day: once, twice and three times a day. */
const harmonics = [1, 2, 3] as const;
const features = 4 + 2 * harmonics.length;
const triangle = (features * (features + 1)) / 2;

export interface LearnedParameters {
  /** Minutes after which what was seen counts half. */
  halfLife: number;
  /** How strongly the weights are held to where they begin. */
  ridge: number;
}

const defaultParameters: LearnedParameters = { halfLife: 2_880, ridge: 300 };
/** Constant, last minute, means of 5 and 15 minutes: it begins as a moving average, with no curve of the day. */
const firstWeights = [0, 0.2, 0.4, 0.4, ...new Array<number>(features - 4).fill(0)];
/** Share of a squared error in the variance. */
const varianceWeight = 0.02;

const numbers = (length: number) => z.array(z.number()).length(length);
const regressionSchema = z.object({
  /** The upper triangle of the features' products, by rows; the features' products with what came. */
  products: numbers(triangle),
  moments: numbers(features),
  weights: numbers(features),
  /** Of the forecasts. */
  variance: z.number().min(0),
});
type Regression = z.infer<typeof regressionSchema>;

const stateSchema = z.object({
  /** Square roots of the last counts, the newest last; null where a minute was not counted. */
  recent: z.array(z.number().min(0).nullable()).max(keptMinutes),
  ahead: z.array(regressionSchema).length(learnedAhead.length),
});
type State = z.infer<typeof stateSchema>;

/**
 * A linear model over lags and time of day, learned online: for 1, 5 and 15 minutes ahead, ridge regression of the square
 * root of the count on the last minute, the means of 5 and 15 minutes, and Fourier terms of the day. Old minutes are
 * forgotten exponentially, and the ridge is not, so that the weights go back to a moving average where nothing is learned.
 *
 * A forecast is at most one and a half times the largest root of the last half hour, because a linear model knows no
 * bounds.
 * @see https://otexts.com/fpp3/useful-predictors.html for the Fourier terms
 * @see Hoerl and Kennard, "Ridge regression", Technometrics 12, 1970
 * @see Haykin, "Adaptive Filter Theory", the chapter on recursive least squares with exponential weighting
 */
export function learnedModel({ halfLife, ridge } = defaultParameters): SeriesModel<State> {
  const kept = 0.5 ** (1 / halfLife);
  const first: Regression = {
    products: upperTriangle((row, column) => (row === column ? ridge : 0)),
    moments: firstWeights.map((weight) => ridge * weight),
    weights: firstWeights,
    variance: transformed.poissonVariance,
  };

  return {
    name: 'learned',
    version: 1,
    stateSchema,
    observe(before, count, { minute, missed }) {
      const value = Math.sqrt(count);
      const recent = before?.recent ?? [];
      const gap = new Array<null>(Math.min(missed, keptMinutes)).fill(null);
      const known = [...recent, ...gap];
      const ahead = learnedAhead.map((minutes, index) => {
        const regression = before?.ahead[index] ?? first;
        const inputs = featuresOf(known.slice(0, Math.max(0, known.length - minutes + 1)), minute);
        return inputs === null ? regression : learn(regression, inputs, value);
      });
      return { recent: [...known, value].slice(-keptMinutes), ahead };
    },
    expected({ recent, ahead: regressions }, minute, ahead) {
      const inputs = featuresOf(recent, minute + ahead);
      if (inputs === null) return 0;
      const most = 1.5 * Math.max(1, ...recent.map((value) => value ?? 0));
      const counts = regressions.map(({ weights, variance }) => {
        const value = Math.min(most, Math.max(0, dot(weights, inputs)));
        return transformed.countOf(value, variance);
      });
      return interpolated(counts, ahead);
    },
  };

  function learn({ products, moments, variance, weights }: Regression, inputs: number[], value: number) {
    const error = value - Math.max(0, dot(weights, inputs));
    const fresh = {
      products: upperTriangle(
        (row, column, at) =>
          kept * (products[at] ?? 0) +
          (inputs[row] ?? 0) * (inputs[column] ?? 0) +
          (row === column ? (1 - kept) * ridge : 0),
      ),
      moments: moments.map(
        (moment, at) =>
          kept * moment + (inputs[at] ?? 0) * value + (1 - kept) * ridge * (firstWeights[at] ?? 0),
      ),
    };
    return {
      ...fresh,
      weights: solveSymmetric(fresh.products, fresh.moments),
      variance: variance + varianceWeight * (error ** 2 - variance),
    };
  }
}

/** What a forecast rests on; null where the newest of these minutes was not counted. */
function featuresOf(recent: readonly (number | null)[], targetMinute: number): number[] | null {
  const last = recent.at(-1);
  if (last === undefined || last === null) return null;
  const angle = (2 * Math.PI * targetMinute) / 1_440;
  return [
    1,
    last,
    meanOfLast(recent, 5),
    meanOfLast(recent, longestLag),
    ...harmonics.flatMap((times) => [Math.sin(times * angle), Math.cos(times * angle)]),
  ];
}

function meanOfLast(recent: readonly (number | null)[], minutes: number): number {
  const counted = recent.slice(-minutes).filter((value) => value !== null);
  return counted.reduce((sum, value) => sum + value, 0) / counted.length;
}

function dot(weights: readonly number[], inputs: readonly number[]): number {
  return weights.reduce((sum, weight, at) => sum + weight * (inputs[at] ?? 0), 0);
}

function upperTriangle(value: (row: number, column: number, at: number) => number): number[] {
  const values: number[] = [];
  for (let row = 0; row < features; row++) {
    for (let column = row; column < features; column++) values.push(value(row, column, values.length));
  }
  return values;
}
