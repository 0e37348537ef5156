import { countOf } from '@spillway/core/amounts.ts';
import { alignedLines } from '../aligned-lines.ts';
import { arrivalsOf, type Experiment } from '../experiment.ts';
import { confidence95, type Interval, mean, pairedRatio } from '../statistics.ts';
import { type Accuracy, backtest, judgedAhead } from './backtest.ts';
import { type ForecasterName, forecasterNames, forecasters } from './forecasters.ts';
import { drawnArrivals, MinuteCounts } from './minute-counts.ts';

/** How one forecaster did for a number of minutes ahead. 95 % intervals over the seeds. */
interface Judged {
  forecaster: ForecasterName;
  ahead: number;
  mase: Interval;
  pinball: Interval;
  covered: number;
  /** Seed by seed beside the last value's for as many minutes ahead; below 1 is better. */
  besideLastValue: { error: Interval; pinball: Interval };
}

export interface ForecastReport {
  trace: string;
  /** What is judged. Forecasters have seen what came before it. */
  minutes: number;
  seeds: number;
  judged: Judged[];
}

type Asked = Pick<Experiment, 'source' | 'rate' | 'half' | 'lastHours' | 'seeds' | 'scenario'>;

/**
 * Every forecaster on every seed. The operations are drawn, so that each seed differs where the arrivals do not. Without a
 * half or last hours, the second half is judged.
 */
export function compareForecasters(asked: Asked): ForecastReport {
  const { source, seeds } = asked;
  const minutesBySeed = Array.from({ length: seeds }, (_, index) => countedMinutes(asked, index + 1));
  const accuracyOf = (forecaster: ForecasterName): Accuracy[][] =>
    minutesBySeed.map(({ minutes, judgedFrom }) => backtest(forecasters[forecaster], minutes, judgedFrom));
  const first = accuracyOf(forecasterNames[0] as ForecasterName);
  return {
    trace: source.name,
    minutes: mean(minutesBySeed.map(({ minutes, judgedFrom }) => minutes.length - judgedFrom)),
    seeds,
    judged: forecasterNames.flatMap((forecaster, index) => {
      const own = index === 0 ? first : accuracyOf(forecaster);
      return judgedAhead.map((ahead, at) =>
        judgedOf(forecaster, ahead, atAhead(own, at), atAhead(first, at)),
      );
    }),
  };
}

function countedMinutes(asked: Asked, seed: number) {
  const half = asked.half ?? (asked.lastHours === undefined ? 'second' : undefined);
  const { before, played } = arrivalsOf({ ...asked, half }, seed);
  const counts = new MinuteCounts();
  for (const arrival of drawnArrivals([...before, ...played], asked.scenario, seed)) counts.add(arrival);
  // The last minute may not be whole.
  const whole = Math.floor((played.at(-1) ?? 0) / 60);
  return {
    minutes: Array.from({ length: whole }, (_, minute) => counts.take(minute)),
    judgedFrom: Math.ceil((played[0] ?? 0) / 60),
  };
}

function atAhead(accuracy: Accuracy[][], at: number): Accuracy[] {
  return accuracy.flatMap((seed) => seed[at] ?? []);
}

function judgedOf(forecaster: ForecasterName, ahead: number, own: Accuracy[], first: Accuracy[]): Judged {
  const ratio = (figure: (of: Accuracy) => number) => pairedRatio(own.map(figure), first.map(figure));
  return {
    forecaster,
    ahead,
    mase: confidence95(own.map(({ mase }) => mase)),
    pinball: confidence95(own.map(({ pinball }) => pinball)),
    covered: mean(own.map(({ covered }) => covered)),
    besideLastValue: { error: ratio(({ mase }) => mase), pinball: ratio(({ pinball }) => pinball) },
  };
}

/** The report as lines for a terminal. */
export function accuracyTable({ trace, minutes, seeds, judged }: ForecastReport): string {
  const header = [
    'forecaster',
    'ahead',
    'MASE',
    'beside last value',
    'pinball',
    'beside last value',
    'covered',
  ];
  const rows = judged.map(({ forecaster, ahead, mase, pinball, covered, besideLastValue }) => [
    forecaster,
    `${ahead} min`,
    mase.mean.toFixed(3),
    range(besideLastValue.error),
    pinball.mean.toFixed(2),
    range(besideLastValue.pinball),
    `${(100 * covered).toFixed(1)} %`,
  ]);
  return [
    `${trace}: ${Math.round(minutes)} minutes judged, ${countOf(seeds, 'seed')}`,
    '',
    ...alignedLines([header, ...rows]),
  ].join('\n');
}

function range({ mean: middle, low, high }: Interval): string {
  return `${middle.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`;
}
