import type { JobClass } from '@spillway/core/job.ts';
import { addRecords, type Records, recordsOf } from '@spillway/core/rollups/document.ts';
import {
  documentId,
  documentMs,
  type Level,
  levels,
  type Range,
  rangeShapes,
  recordMs,
  startOf,
} from '@spillway/core/rollups/levels.ts';
import { type Part, recordForms } from '@spillway/core/rollups/rollup.ts';
import type { RollupState } from '@spillway/core/rollups/state.ts';
import { cellNamed } from '@spillway/core/rollups/tally.ts';
import type { Ports } from '../ports/ports.ts';
import { readRollupState } from './merge-shards.ts';

/** Documents of one reading of one level. The longest range has 121 of them. */
const mostDocuments = 200;

/** A stretch of time at one level. */
interface Stretch {
  level: Level;
  from: Date;
  until: Date;
}

export interface RangeReading<Name extends Part> {
  from: Date;
  until: Date;
  stepMs: number;
  /** Records by the beginning of their step. Steps in which nothing was seen have none. */
  steps: Records<Name>;
}

type Reader = Pick<Ports, 'metricsDocuments' | 'clock'>;

/** The time that a range has, up to `until`: whole steps, the last of which may have begun only. */
export function timeOfRange(range: Range, until: Date): { from: Date; until: Date; stepMs: number } {
  const { ms, stepMs } = rangeShapes[range];
  const end = startOf(stepMs, new Date(until.getTime() - 1)).getTime() + stepMs;
  return { from: new Date(end - ms), until: new Date(end), stepMs };
}

/**
 * Reads one part of the rollups over a range, step by step. What is not added up yet is read at the level below, so the
 * newest minutes are always there. It reads as many documents as the range has at its level, and some for its end.
 */
export async function readRange<Name extends Part>(
  part: Name,
  range: Range,
  until: Date,
  state: RollupState,
  { metricsDocuments }: Pick<Reader, 'metricsDocuments'>,
): Promise<RangeReading<Name>> {
  const time = timeOfRange(range, until);
  const stretches = stretchesOf(rangeShapes[range].level, time, state);
  const read = await Promise.all(stretches.map((stretch) => readStretch(part, stretch, metricsDocuments)));
  const steps: Records<Name> = new Map();
  for (const records of read) {
    for (const [at, record] of records) {
      const step = startOf(time.stepMs, new Date(at)).getTime();
      const sum = steps.get(step) ?? recordForms[part].empty();
      recordForms[part].add(sum, record);
      steps.set(step, sum);
    }
  }
  return { ...time, steps };
}

/** From the coarsest level that is added up to finer ones, where it is not. */
function stretchesOf(
  level: Level,
  { from, until }: { from: Date; until: Date },
  state: RollupState,
): Stretch[] {
  const stretches: Stretch[] = [];
  let at = from;
  for (const each of levels.slice(0, levels.indexOf(level) + 1).toReversed()) {
    const added = { minutes: until, tens: state.tensFrom, hours: state.hoursFrom }[each];
    const end = added === null || added > until ? (added === null ? at : until) : added;
    if (end > at) {
      stretches.push({ level: each, from: at, until: end });
      at = end;
    }
  }
  return stretches;
}

async function readStretch<Name extends Part>(
  part: Name,
  { level, from, until }: Stretch,
  documents: Ports['metricsDocuments'],
): Promise<Records<Name>> {
  const last = new Date(until.getTime() - recordMs[level]);
  const end = new Date(startOf(documentMs(level, part), last).getTime() + documentMs(level, part));
  const found = await documents.between(
    documentId(level, part, from),
    documentId(level, part, end),
    mostDocuments,
  );
  const records: Records<Name> = new Map();
  for (const { document } of found) addRecords(part, records, recordsOf(part, document.content));
  for (const at of records.keys()) if (at < from.getTime() || at >= until.getTime()) records.delete(at);
  return records;
}

/** First decisions of each minute, by operation and class: the arrivals of jobs. It reads a document for ten minutes. */
export async function arrivalsByMinute(
  from: Date,
  until: Date,
  { metricsDocuments }: Pick<Reader, 'metricsDocuments'>,
): Promise<{ at: Date; operation: string; class: JobClass; jobs: number }[]> {
  const records = await readStretch('jobs', { level: 'minutes', from, until }, metricsDocuments);
  return [...records]
    .sort(([a], [b]) => a - b)
    .flatMap(([at, { cells }]) => {
      const sums = new Map<string, { at: Date; operation: string; class: JobClass; jobs: number }>();
      for (const [name, { decided }] of cells) {
        const cell = cellNamed(name);
        const jobs = Object.values(decided).reduce((sum, each) => sum + each, 0);
        if (!cell || jobs === 0) continue;
        const key = `${cell.operation} ${cell.class}`;
        const sum = sums.get(key) ?? {
          at: new Date(at),
          operation: cell.operation,
          class: cell.class,
          jobs: 0,
        };
        sum.jobs += jobs;
        sums.set(key, sum);
      }
      return [...sums.values()];
    });
}

export async function readState({
  metricsDocuments,
}: Pick<Reader, 'metricsDocuments'>): Promise<RollupState> {
  return (await readRollupState(metricsDocuments)).state;
}
