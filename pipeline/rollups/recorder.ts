import type { Job } from '@spillway/core/job.ts';
import { sourceOf } from '@spillway/core/job-search.ts';
import { isNothing, nothingSeen, type Seen } from '@spillway/core/rollups/document.ts';
import { recordMs, startOf } from '@spillway/core/rollups/levels.ts';
import { markOf } from '@spillway/core/rollups/mark.ts';
import { billedMsOf } from '@spillway/core/rollups/measured-cost.ts';
import {
  type Cells,
  cellsOf,
  type GroupPart,
  groupParts,
  type JobsRecord,
  recordForms,
  tallyIn,
} from '@spillway/core/rollups/rollup.ts';
import { addCounts, cellName, cellOf, countEnd, type Tally } from '@spillway/core/rollups/tally.ts';
import type { Clock } from '../ports/ports.ts';
import type { OwnRecords, Recorder } from '../ports/rollups.ts';

/** Workers, sources and owners that one process tells apart within a minute. More are added up as `others`. */
const mostValuesTold = 50;
/** Characters of a worker's, a source rule's or an owner's name. */
const longestName = 300;

/** Whose a job is where nobody is named. */
export const noOwner = 'nobody';
/** Instances of Cloud Run come and go, so all of them count as one worker. */
export const runWorkers = 'Cloud Run';
const noWorker = 'no worker';

/** Counts in this process's memory what it is told, minute by minute, until somebody takes it. */
export function createRecorder(clock: Clock): Recorder & OwnRecords {
  let seen = nothingSeen();

  /** The tallies that a job counts in. */
  function talliesOf(job: Job, at: Date): Tally[] {
    const minute = startOf(recordMs.minutes, at).getTime();
    const cell = cellName(cellOf(job));
    const names: Record<GroupPart, string> = {
      worker: workerOf(job),
      source: sourceOf(job),
      owner: job.owner ?? noOwner,
    };
    const cells = groupParts.map((part) => groupIn(seen, part, minute, names[part].slice(0, longestName)));
    return [jobsIn(minute).cells, ...cells].map((each) => tallyIn(each, cell));
  }

  function jobsIn(minute: number): JobsRecord {
    const record = seen.jobs.get(minute) ?? recordForms.jobs.empty();
    seen.jobs.set(minute, record);
    return record;
  }

  const thisMinute = () => startOf(recordMs.minutes, clock.now()).getTime();

  return {
    ended(job) {
      const billedMs = billedMsOf(job);
      for (const tally of talliesOf(job, job.endedAt ?? clock.now())) countEnd(tally, job, billedMs);
    },
    decided(before, after) {
      const { reason, target, at } = after.route;
      const isFirst = before.route.reason === 'reserved';
      if (!isFirst && before.route.target === target) return;
      for (const tally of talliesOf(after, at)) {
        if (isFirst) addCounts(tally.decided, { [reason]: 1 });
        else tally.moved++;
      }
    },
    gaveBack(job, why) {
      for (const tally of talliesOf(job, clock.now())) addCounts(tally.givenBack, { [why]: 1 });
    },
    deadLetter() {
      jobsIn(thisMinute()).deadLetters++;
    },
    mark(mark) {
      const record = jobsIn(thisMinute());
      record.marks = [...record.marks, markOf({ ...mark, at: clock.now() })];
    },
    take() {
      if (isNothing(seen)) return null;
      const taken = seen;
      seen = nothingSeen();
      return taken;
    },
    get hasMarks() {
      return [...seen.jobs.values()].some(({ marks }) => marks.length > 0);
    },
    get hasNews() {
      return !isNothing(seen);
    },
  };
}

function groupIn(seen: Seen, part: GroupPart, minute: number, name: string): Cells {
  const record = seen[part].get(minute) ?? recordForms[part].empty();
  seen[part].set(minute, record);
  const isTold = record.values.has(name) || record.values.size < mostValuesTold;
  return isTold ? cellsOf(record, name) : record.others;
}

/** The claim stays with a job that has ended. */
function workerOf({ claim, failedBy, route }: Job): string {
  const worker = claim?.worker ?? failedBy;
  if (worker === null) return noWorker;
  return route.target === 'run' ? runWorkers : worker;
}

/** For programs whose facts nobody wants. */
export const noRecorder: Recorder = {
  ended() {},
  decided() {},
  gaveBack() {},
  deadLetter() {},
  mark() {},
};
