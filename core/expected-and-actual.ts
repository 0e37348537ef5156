import { clockStart, type HistoryEntry, type Job, type SidePrediction } from './job.ts';

/** Milliseconds from the decision: how long each part was expected to take, and took. The parts add up to the finish. */
export interface ExpectedAndActual {
  parts: { part: Part; expectedMs: number | null; actualMs: number | null }[];
  finish: { expectedMs: number | null; actualMs: number | null };
}

/**
 * `wait`: until a slot takes the job. `service`: in the slot. `io`: download and storing. `margin`: what a decision adds to
 * be sure of it. `rest`: what happened beside these, such as writing down the outcome, or what clocks differ by.
 */
export type Part = 'wait' | 'service' | 'io' | 'margin' | 'rest';

type Expected = Pick<SidePrediction, 'waitMs' | 'serviceMs' | 'ioMs' | 'finishMs'>;

/** The latest decision of a job beside what it came to. Null where nothing was predicted. */
export function expectedAndActual(
  job: Pick<Job, 'route' | 'timings' | 'endedAt' | 'source' | 'createdAt' | 'retryOf' | 'rerunOf'>,
): ExpectedAndActual | null {
  const { route, timings, endedAt } = job;
  const expected = route.predicted?.[route.target] ?? null;
  if (!expected) return null;
  // Timings count from the job's clock, and a decision from itself.
  const decidedMs = route.at.getTime() - clockStart(job).getTime();
  const finishMs = timings
    ? timings.totalMs - decidedMs
    : endedAt
      ? endedAt.getTime() - route.at.getTime()
      : null;
  const actual = timings && {
    wait: timings.waitMs + timings.slotWaitMs - decidedMs,
    service: timings.processMs,
    io: timings.downloadMs + timings.storeMs,
  };
  const rest = actual && finishMs !== null ? finishMs - actual.wait - actual.service - actual.io : null;
  return {
    parts: [
      { part: 'wait', expectedMs: expected.waitMs, actualMs: actual?.wait ?? null },
      { part: 'service', expectedMs: expected.serviceMs, actualMs: actual?.service ?? null },
      { part: 'io', expectedMs: expected.ioMs, actualMs: actual?.io ?? null },
      { part: 'margin', expectedMs: marginMs(expected), actualMs: null },
      { part: 'rest', expectedMs: null, actualMs: rest },
    ],
    finish: { expectedMs: expected.finishMs, actualMs: finishMs },
  };
}

/** What a decision adds to the parts that it expects. */
export function marginMs({ waitMs, serviceMs, ioMs, finishMs }: Expected): number {
  return finishMs - waitMs - serviceMs - ioMs;
}

/** The decisions that a later one replaced, the first of them first. */
export function earlierDecisions(
  history: readonly HistoryEntry[],
): Extract<HistoryEntry, { kind: 'decided' }>[] {
  return history.filter((entry) => entry.kind === 'decided').slice(0, -1);
}
