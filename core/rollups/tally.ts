import { z } from 'zod';
import type { FailureCode } from '../errors.ts';
import { isTerminal, type Job, type JobClass, type JobState, jobClasses, type Target } from '../job.ts';
import { keptObjective } from '../objective.ts';
import { isOperationName } from '../operations.ts';
import { noValue, otherValue } from '../telemetry-metrics.ts';
import { addHistogram, emptyHistogram, histogramSchema, histogramText, observe } from './histogram.ts';

const count = z.number().min(0).default(0);
const counts = z.record(z.string(), z.number().min(0)).default({});

/**
 * What happened to the jobs of one cell within some time. Sums of two tallies are a tally, so minutes are added up to
 * hours and programs to the whole. Every number that is 0 is left out of documents.
 */
export const tallySchema = z.object({
  /** First decisions, by their reason. */
  decided: counts,
  /** Later decisions that sent a waiting job to the other target. */
  moved: count,
  succeeded: count,
  failed: count,
  superseded: count,
  cancelled: count,
  /** Jobs that ended by their deadline, and those that the objective was missed for (core/objective.ts). */
  kept: count,
  missed: count,
  /** Failures by their code. */
  codes: counts,
  /** Failures for what was sent. */
  refused: count,
  /** Attempts that ended without an outcome, by why. */
  givenBack: counts,
  /** Of jobs that succeeded: until the claim, of the operation itself, and from the upload to the outcome. */
  wait: histogramSchema.default(emptyHistogram),
  run: histogramSchema.default(emptyHistogram),
  total: histogramSchema.default(emptyHistogram),
  /** Milliseconds for which jobs kept a slot. */
  slotMs: count,
  /** Milliseconds that Cloud Run bills for the jobs, or would bill had they been there. */
  billedMs: count,
  /** Jobs in `billedMs`. */
  billed: count,
  /** US dollars that the decisions expected of the jobs that ended. */
  predicted: count,
  /** US dollars of Cloud Run for `billedMs`, by the prices of that time. The merge sets it. */
  dollars: count,
});
export type Tally = z.infer<typeof tallySchema>;

type Counts = Record<string, number>;
const numbers = [
  'moved',
  'succeeded',
  'failed',
  'superseded',
  'cancelled',
  'kept',
  'missed',
  'refused',
  'slotMs',
  'billedMs',
  'billed',
  'predicted',
  'dollars',
] as const satisfies (keyof Tally)[];
const countings = ['decided', 'codes', 'givenBack'] as const satisfies (keyof Tally)[];
const histograms = ['wait', 'run', 'total'] as const satisfies (keyof Tally)[];

export function emptyTally(): Tally {
  return {
    ...{ decided: {}, moved: 0, succeeded: 0, failed: 0, superseded: 0, cancelled: 0, kept: 0, missed: 0 },
    ...{ codes: {}, refused: 0, givenBack: {} },
    ...{ wait: emptyHistogram(), run: emptyHistogram(), total: emptyHistogram() },
    ...{ slotMs: 0, billedMs: 0, billed: 0, predicted: 0, dollars: 0 },
  };
}

/** Adds `other`. It changes the first tally. */
export function addTally(tally: Tally, other: Tally): void {
  for (const name of numbers) tally[name] += other[name];
  for (const name of countings) addCounts(tally[name], other[name]);
  for (const name of histograms) addHistogram(tally[name], other[name]);
}

export function addCounts(counts: Counts, other: Readonly<Counts>): void {
  for (const [name, each] of Object.entries(other)) counts[name] = (counts[name] ?? 0) + each;
}

/** As it is written into a document. */
export function tallyDocument(tally: Tally): Record<string, unknown> {
  const document: Record<string, unknown> = {};
  for (const name of numbers) if (tally[name] !== 0) document[name] = rounded(tally[name]);
  for (const name of countings) if (Object.keys(tally[name]).length > 0) document[name] = tally[name];
  for (const name of histograms) {
    const text = histogramText(tally[name]);
    if (text !== '') document[name] = text;
  }
  return document;
}

/** Nine significant digits: a millionth of a cent of a thousand dollars. */
function rounded(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(9));
}

/** How many jobs have ended. */
export function endedIn({ succeeded, failed, superseded, cancelled }: Pick<Tally, EndState>): number {
  return succeeded + failed + superseded + cancelled;
}

export type EndState = Exclude<JobState, 'queued' | 'processing'>;
export const endStates = ['succeeded', 'failed', 'superseded', 'cancelled'] as const satisfies EndState[];

export function isEndState(state: JobState): state is EndState {
  return isTerminal(state);
}

/** What the jobs of a tally have in common. */
export interface Cell {
  /** `other` for a name that no operation has. */
  operation: string;
  class: JobClass;
  /** `none` for a job that was refused at once. */
  target: Target | typeof noValue;
}

export function cellOf({ operation, class: jobClass, route }: Job): Cell {
  return {
    operation: isOperationName(operation) ? operation : otherValue,
    class: jobClass,
    target: route.reason === 'reserved' ? noValue : route.target,
  };
}

/** @example 'caption bulk vm' */
export function cellName({ operation, class: jobClass, target }: Cell): string {
  return `${operation} ${jobClass} ${target}`;
}

/** Null where it is the name of no cell. */
export function cellNamed(name: string): Cell | null {
  const [operation, className, target] = name.split(' ');
  const jobClass = jobClasses.find((each) => each === className);
  const known = (['vm', 'run', noValue] as const).find((each) => each === target);
  return operation && jobClass && known ? { operation, class: jobClass, target: known } : null;
}

/** Counts the end of a job. It changes the tally. */
export function countEnd(tally: Tally, job: Job, billedMs: number | null): void {
  const { state, error, timings, route } = job;
  if (!isEndState(state)) return;
  tally[state]++;
  const kept = keptObjective(job);
  if (kept === true) tally.kept++;
  if (kept === false) tally.missed++;
  if (state === 'failed' && error) {
    addCounts(tally.codes, { [error.code satisfies FailureCode]: 1 });
    if (kept === null) tally.refused++;
  }
  if (state === 'succeeded' && timings) {
    observe(tally.wait, timings.waitMs);
    observe(tally.run, timings.processMs);
    observe(tally.total, timings.totalMs);
    tally.slotMs += Math.max(0, timings.processMs);
  }
  if (billedMs !== null) {
    tally.billedMs += billedMs;
    tally.billed++;
  }
  tally.predicted += route.dollars;
}
