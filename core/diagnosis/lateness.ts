import { countOf, formatShare } from '../amounts.ts';
import type { Job, Target } from '../job.ts';
import { duration, fine, type Sentence, wrong } from './sentence.ts';
import type { SystemReading } from './system-reading.ts';

/** So many of the newest jobs may miss their objective without a sentence: a share, and a number. */
const tolerated = { share: 0.05, jobs: 2 } as const;
/** Milliseconds. */
const recentMs = 3_600_000;

const places: Record<Target, string> = { vm: 'the VMs', run: 'Cloud Run' };

/** Is it late: does something wait or run past its deadline, and are objectives kept? */
export function latenessOf(reading: SystemReading): Sentence[] {
  return [
    ...(['vm', 'run'] as const).flatMap((target) => waitingSentences(target, reading)),
    ...processingSentences(reading),
    ...objectiveSentences(reading),
  ];
}

function waitingSentences(target: Target, { jobs, now }: SystemReading): Sentence[] {
  const { queued } = jobs.open[target];
  const waiting = jobs.waiting[target];
  const oldest = earliest(waiting, ({ createdAt }) => createdAt);
  if (oldest === null) return [fine('nothing_waits', `Nothing waits for ${places[target]}.`)];
  const late = waiting.filter(({ deadlineAt }) => deadlineAt < now);
  const latest = earliest(late, ({ deadlineAt }) => deadlineAt);
  if (latest === null) {
    const age = duration(now.getTime() - oldest.createdAt.getTime());
    const jobsWait = countOf(Math.max(queued, waiting.length), 'job waits', 'jobs wait');
    return [
      fine('waits', `${jobsWait} for ${places[target]}, the oldest for ${age}, and none past its deadline.`),
    ];
  }
  const by = duration(now.getTime() - latest.deadlineAt.getTime());
  const atLeast = queued > waiting.length ? 'At least ' : '';
  return [
    wrong(
      'late_waiting',
      `${atLeast}${countOf(late.length, 'job waits', 'jobs wait')} for ${places[target]} past the deadline. ${latest.id} (${latest.operation}) is late by ${by}.`,
      mendOfWaiting[target],
    ),
  ];
}

const mendOfWaiting: Record<Target, string> = {
  vm: 'Start another VM worker, or let Cloud Run take more: run.maxInstances and run.mostDollarsPerHour in the settings.',
  run: 'Look at the Cloud Run worker: its log, and whether its maximum of instances is above run.maxInstances. A pause would be named above.',
};

function processingSentences({ jobs, now }: SystemReading): Sentence[] {
  const late = jobs.processing.filter(({ deadlineAt }) => deadlineAt < now);
  const latest = earliest(late, ({ deadlineAt }) => deadlineAt);
  if (latest === null) return [];
  const by = duration(now.getTime() - latest.deadlineAt.getTime());
  return [
    wrong(
      'late_processing',
      `${countOf(late.length, 'job is', 'jobs are')} worked on past the deadline. ${latest.id} (${latest.operation}, ${latest.claim?.worker ?? 'no worker'}) is late by ${by}.`,
      'They end by themselves, or by SPILLWAY_TIME_LIMIT_MS. If it is often the same worker, drain it and read its log.',
    ),
  ];
}

function objectiveSentences({ jobs, now }: SystemReading): Sentence[] {
  const ended = jobs.newest.filter(
    ({ state, endedAt }) =>
      state === 'succeeded' && endedAt !== null && now.getTime() - endedAt.getTime() <= recentMs,
  );
  if (ended.length === 0) return [];
  const missed = ended.filter(({ endedAt, deadlineAt }) => endedAt !== null && endedAt > deadlineAt);
  const share = missed.length / ended.length;
  const among = 'Of the jobs that succeeded within an hour';
  const newest = `of the newest ${ended.length}`;
  if (missed.length <= tolerated.jobs || share <= tolerated.share) {
    return [fine('objectives_kept', `${among}, ${ended.length - missed.length} ${newest} were in time.`)];
  }
  return [
    wrong(
      'objectives_missed',
      `${among}, ${missed.length} ${newest} were late (${formatShare(share)}).`,
      'A job’s page says why it went where it did. Usually more slots are needed: another VM, or a higher run.maxInstances.',
    ),
  ];
}

function earliest(jobs: readonly Job[], time: (job: Job) => Date): Job | null {
  return jobs.reduce<Job | null>(
    (first, job) => (first === null || time(job) < time(first) ? job : first),
    null,
  );
}
