import type { Job } from '@spillway/core/job.ts';
import { seemsLostAt, unclaimedMs } from '@spillway/core/routing/waiting.ts';
import { type Steps, waitFor, walkThrough } from '@spillway/core/steps.ts';
import { postponed } from '@spillway/core/transitions.ts';
import { publish } from './enqueue.ts';
import { whileHeld } from './held-lease.ts';
import { helpEach, type Resting } from './help-each.ts';
import { ofJob } from './log/of-job.ts';
import type { GoneThrough } from './pass-over.ts';
import type { Stored } from './ports/jobs.ts';
import type { Ports } from './ports/ports.ts';
import { traced } from './telemetry/traced.ts';

/** Jobs that are read with one query. */
const pageSize = 100;
/** A sweep reads no more than this number of pages of new jobs, and as many of jobs that it has seen before. */
const mostPages = 10;
/**
 * All that wait are read again after this time, in milliseconds: a write that took very long puts a job behind the place
 * that was reached.
 */
const forgetAfterMs = 600_000;
/** A page is read again no sooner than after this time, in milliseconds, whatever is in it. */
const lookAgainMs = 30_000;

/** Jobs that follow one another in the list, and were read together. */
interface Page {
  /** The job before them. */
  after: Stored | null;
  last: Job;
  jobs: number;
  /** Before this time none of their messages counts as lost. Milliseconds since 1970. */
  dueMs: number;
}

/** What a process remembers of the jobs that wait. */
export interface SeenWaiting {
  pages: Page[];
  /** The last job that was read. */
  place: Stored | null;
  /** When the first of them was read. Milliseconds since 1970. */
  sinceMs: number;
}

export function newSeenWaiting(): SeenWaiting {
  return { pages: [], place: null, sinceMs: 0 };
}

/**
 * Publishes jobs again whose message seems lost. A job that waits is read once when its message is so old that it may be
 * lost, and again when it would count as lost. So what a sweep reads grows neither with the number of jobs that wait nor
 * with how long they wait, and none hides another. A process that sweeps for the first time reads all that wait, over as many
 * sweeps as it takes.
 */
export function* republishLost(
  ports: Ports,
  seen: SeenWaiting,
  resting: Resting,
  lost: AbortSignal,
): Steps<GoneThrough> {
  const total: GoneThrough = { done: 0, passedOver: 0 };
  const now = ports.clock.now().getTime();
  if (now - seen.sinceMs > forgetAfterMs) Object.assign(seen, newSeenWaiting(), { sinceMs: now });
  const due = seen.pages.filter(({ dueMs }) => dueMs <= now).slice(0, mostPages);
  for (const page of due) {
    const jobs = yield* waitFor(ports.backlog.published(unclaimedMs, page.jobs, page.after));
    seen.pages = seen.pages.filter((each) => each !== page);
    yield* look(
      page.after,
      jobs.filter((stored) => !isBehind(stored.job, page.last)),
    );
  }
  for (let pages = 0; pages < mostPages; pages++) {
    const after = seen.place;
    const jobs = yield* waitFor(ports.backlog.published(unclaimedMs, pageSize, after));
    seen.place = jobs.at(-1) ?? after;
    yield* look(after, jobs);
    if (jobs.length < pageSize) break;
  }
  return total;

  function* look(after: Stored | null, jobs: readonly Stored[]): Steps<void> {
    const last = jobs.at(-1)?.job;
    if (!last) return;
    const dueMs = Math.min(...jobs.map(({ job }) => seemsLostAt(job).getTime()));
    // Before anything is done: a sweep that is cut off here comes back to them.
    remember({ after, last, jobs: jobs.length, dueMs: Math.max(dueMs, now + lookAgainMs) }, seen);
    const lostOnes = jobs.filter(({ job }) => seemsLostAt(job) < ports.clock.now());
    const gone = yield* republish(lostOnes, ports, resting, lost);
    total.done += gone.done;
    total.passedOver += gone.passedOver;
  }
}

/** Few jobs are put together with those before them. */
function remember(page: Page, seen: SeenWaiting): void {
  const before = seen.pages.at(-1);
  const follows = before && page.after?.job.id === before.last.id && before.jobs + page.jobs <= pageSize;
  if (!follows) {
    seen.pages.push(page);
    return;
  }
  before.last = page.last;
  before.jobs += page.jobs;
  before.dueMs = Math.min(before.dueMs, page.dueMs);
}

/** Whether a job comes later in the list. */
function isBehind(job: Job, last: Job): boolean {
  const [time, lastTime] = [job, last].map(({ publishedAt }) => publishedAt?.getTime() ?? 0) as [
    number,
    number,
  ];
  return time > lastTime || (time === lastTime && job.id > last.id);
}

function republish(
  jobs: readonly Stored[],
  ports: Ports,
  resting: Resting,
  lost: AbortSignal,
): Steps<GoneThrough> {
  return helpEach(
    whileHeld(walkThrough(jobs), lost),
    ports,
    function* (stored) {
      yield* traced('requeue', stored.job, () => publishAgain(stored, ports), ports);
      ports.log.warn({ ...ofJob(stored.job) }, 'Republished a job that nobody had claimed.');
      return true;
    },
    resting,
  );
}

function* publishAgain(stored: Stored, ports: Ports): Steps<void> {
  yield* publish(yield* inLine(stored, ports), ports);
}

/** An earlier version wrote jobs without a turn, and no line shows these. */
function* inLine(stored: Stored, ports: Ports): Steps<Stored> {
  if (stored.job.route.turnAt !== null) return stored;
  const inTurn = postponed(stored.job, stored.job.deadlineAt);
  return (yield* waitFor(ports.jobs.replace(stored, inTurn))) ?? stored;
}
