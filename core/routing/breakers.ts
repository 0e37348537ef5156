import { z } from 'zod';
import type { Blame, Job } from '../job.ts';
import { operationNameForm } from '../operations/operation.ts';
import { pushBackoff } from '../push-delivery.ts';
import { quantilesOf } from './quantiles.ts';

/** Milliseconds. */
const timing = {
  /** Longer than this beyond what was expected, nobody has claimed what is published to Cloud Run. */
  overdue: 12_000,
  firstPause: 15_000,
  longestPause: 300_000,
  /** The last part of a pause, in which Cloud Run is tried out. */
  trialBeforeEnd: 5_000,
  /** A trial that is not answered for so long has failed. A cold start takes seconds. */
  trial: 30_000,
  /**
   * After a trial that was not answered the pause goes on for this long, in which a sweep begins the next one. Without it,
   * people's jobs would be sent there between the trial's end and that sweep.
   */
  afterTrial: 6_000,
  /** A pause that ended longer ago than this was seen by no sweep, since none ran: it says nothing any more. */
  old: 60_000,
  /** Trouble is forgotten after this time without any: the next pause is then as short as the first. */
  forgotten: 600_000,
} as const;
/** Failures within the last minute that speak against the place, while nothing succeeded. */
const mostFailures = 3;

/**
 * Cloud Run's circuit breaker. Pub/Sub sees its refusals and our code does not, so they are inferred from jobs that
 * stay unclaimed.
 */
export const runBreakerSchema = z.object({
  /** `paused`: nothing is sent. `probing`: still nothing, but a picture of our own is on its way there. */
  state: z.enum(['closed', 'paused', 'probing']).default('closed'),
  since: z.coerce.date().nullable().default(null),
  /** When the pause ends, for every router and without anybody's doing. */
  until: z.coerce.date().nullable().default(null),
  /** Pauses in a row. Each is twice as long as the one before (exponential back-off). */
  trips: z.int().min(0).default(0),
  /** The token of the last trial; null where there was none since the breaker was closed. */
  probe: z.string().nullable().default(null),
  /** The operation that Cloud Run is tried out with, where it was one that failed; null: any will do. */
  operation: operationNameForm.nullable().default(null),
  why: z.string().nullable().default(null),
});
export type RunBreaker = z.infer<typeof runBreakerSchema>;

export interface RunHealth {
  /** How far the longest waiting unclaimed job on Cloud Run is beyond its predicted wait, in milliseconds. */
  overdueMs: number;
  /**
   * Ends of the last minute there; `failed`: those that speak against the place, as `failuresThatCount` counts them.
   */
  failed: number;
  succeeded: number;
  /** Jobs that are claimed there, and jobs that succeeded within `aliveWithinMs`: a sign that it takes work. */
  alive: number;
  /** All its places were taken lately: what waits then waits for Pub/Sub's backoff, and is no sign of an outage. */
  saturated: boolean;
  /** The operation of most of the failures; null where none failed. */
  failing: string | null;
}

/**
 * The breaker after a look at Cloud Run's health; the same object where nothing changes.
 * @param token Names the trial, where one begins now.
 */
export function nextRunBreaker(
  breaker: RunBreaker,
  health: RunHealth,
  now: Date,
  token: () => string,
): RunBreaker {
  switch (breaker.state) {
    case 'closed': {
      const why = trouble(health);
      if (why) return paused({ ...breaker, operation: failingOperation(health) }, why, now);
      const quiet = breaker.since === null || now.getTime() - breaker.since.getTime() > timing.forgotten;
      return breaker.trips > 0 && quiet ? closed(breaker, 0, now) : breaker;
    }
    case 'paused': {
      const leftMs = leftOf(breaker, now);
      if (leftMs < -timing.old) return closed(breaker, 0, now);
      if (leftMs > timing.trialBeforeEnd) return breaker;
      const until = new Date(now.getTime() + timing.trial + timing.afterTrial);
      return { ...breaker, state: 'probing', until, probe: token() };
    }
    case 'probing': {
      const leftMs = leftOf(breaker, now);
      if (leftMs < -timing.old) return closed(breaker, 0, now);
      return leftMs > timing.afterTrial
        ? breaker
        : paused(breaker, 'The picture that tried it out was not taken.', now);
    }
    default:
      return breaker.state satisfies never;
  }
}

/** The breaker of a Cloud Run that the settings have switched off: it is not judged, and nothing tries it out. */
export function switchedOff(breaker: RunBreaker, now: Date): RunBreaker {
  return breaker.state === 'closed' ? breaker : closed(breaker, 0, now);
}

/** The breaker after an admin has ended its pause. The next pause is as long as if this one had gone on. */
export function opened(breaker: RunBreaker, now: Date): RunBreaker {
  return breaker.state === 'closed' ? breaker : closed(breaker, breaker.trips, now);
}

/**
 * The breaker after the answer to a trial. An answer that comes late counts as well: the message may have waited for
 * Pub/Sub's backoff. Null where the answer is to an earlier trial.
 * @param problem What went wrong with the picture; null where it went well.
 */
export function afterTrial(
  breaker: RunBreaker,
  token: string,
  problem: string | null,
  now: Date,
): RunBreaker | null {
  if (breaker.state === 'closed' || breaker.probe !== token) return null;
  if (problem === null) return closed(breaker, breaker.trips, now);
  return breaker.state === 'probing'
    ? paused(breaker, `The picture that tried it out failed: ${problem}`, now)
    : null;
}

/** Whether people's jobs may be sent there. A pause that has ended counts as over, whether a sweep has seen it or not. */
export function takesWork(breaker: Pick<RunBreaker, 'state' | 'until'>, now: Date): boolean {
  return breaker.state === 'closed' || leftOf(breaker, now) <= 0;
}

/** What is left of the pause, in milliseconds; negative where it has ended. */
function leftOf({ until }: Pick<RunBreaker, 'until'>, now: Date): number {
  return (until?.getTime() ?? Number.NEGATIVE_INFINITY) - now.getTime();
}

/** What is wrong, or null. */
function trouble({ overdueMs, failed, succeeded, alive, saturated }: RunHealth): string | null {
  const patienceMs = saturated ? timing.overdue + pushBackoff.mostMs : timing.overdue;
  if (overdueMs > patienceMs && alive === 0) {
    return `Work for it has not been taken for ${Math.round(overdueMs / 1_000)} s longer than expected.`;
  }
  if (fails({ failed, succeeded })) return `Its last ${failed} jobs failed.`;
  return null;
}

function fails({ failed, succeeded }: Pick<RunHealth, 'failed' | 'succeeded'>): boolean {
  return failed >= mostFailures && succeeded === 0;
}

function failingOperation(health: RunHealth): string | null {
  return fails(health) ? health.failing : null;
}

function paused(breaker: RunBreaker, why: string, now: Date): RunBreaker {
  const pauseMs = Math.min(timing.longestPause, timing.firstPause * 2 ** breaker.trips);
  const until = new Date(now.getTime() + pauseMs);
  return { ...breaker, state: 'paused', since: now, until, trips: breaker.trips + 1, why };
}

function closed(breaker: RunBreaker, trips: number, now: Date): RunBreaker {
  return {
    ...breaker,
    state: 'closed',
    since: now,
    until: null,
    trips,
    probe: null,
    operation: null,
    why: null,
  };
}

/**
 * The number of failures that speak against a place. A failure counts where the worker's own test picture failed as
 * well, because no sender had a part in that. Where no test was made, it counts once for each sender. A failure that
 * was the input's fault never counts.
 */
export function failuresThatCount(failed: readonly Pick<Job, 'owner' | 'source' | 'error'>[]): number {
  const blaming = (blame: Blame) => failed.filter(({ error }) => (error?.blame ?? 'unknown') === blame);
  return blaming('place').length + new Set(blaming('unknown').map(witnessOf)).size;
}

/** The operation of most of these jobs; null where there are none. */
export function mostFailing(failed: readonly Pick<Job, 'operation'>[]): string | null {
  const counts = new Map<string, number>();
  for (const { operation } of failed) counts.set(operation, (counts.get(operation) ?? 0) + 1);
  const [most] = [...counts].sort(([, a], [, b]) => b - a);
  return most?.[0] ?? null;
}

/** How far back Cloud Run's ends count, in milliseconds. */
export const healthWithinMs = 60_000;
/** A success within this time, in milliseconds, shows that Cloud Run takes work, however long other jobs wait. */
export const aliveWithinMs = 15_000;

/** A VM doubts itself when this many senders' jobs say the same. */
const enoughWitnesses = 3;
/** With fewer senders it takes this many failed jobs in a row. */
const enoughFailures = 9;
/** A VM whose jobs take this many times as long as predicted is ill. */
const slowness = 3;
/**
 * A shorter prediction counts as this, because very short times vary with everything else that a machine does.
 * Milliseconds.
 */
const leastPrediction = 250;
/** Number of the newest observations that count. With fewer, two jobs that met a cold machine would cause a doubt. */
const observations = 20;
/** Milliseconds: each pause is twice as long as the one before. */
const firstPause = 5_000;
const longestPause = 300_000;
/**
 * Within this time after reopening the back-off continues instead of restarting: the self-test had missed the fault.
 */
const relapseWithin = 600_000;

interface Served {
  witness: string;
  /** Time that it took, as a ratio to the prediction. */
  ratio: number;
}

/**
 * One VM's doubts about itself: the jobs of several senders fail or take much longer than predicted. A test picture
 * confirms a doubt before the VM is paused, because senders can be invented.
 */
export class VmBreaker {
  /** Jobs that failed since the last success, with the witness of each. */
  #failed = new Map<string, string>();
  #served: Served[] = [];
  #pauses = 0;
  #reopenedAt = Number.NEGATIVE_INFINITY;

  /**
   * A job that ended well.
   * @param witness Whose it is; see `witnessOf`.
   * @param predictedMs For the pixels that were really decoded.
   */
  served(witness: string, serviceMs: number, predictedMs: number | null): void {
    this.#failed.clear();
    if (predictedMs === null) return;
    this.#served.push({ witness, ratio: serviceMs / Math.max(leastPrediction, predictedMs) });
    this.#served = this.#served.slice(-observations);
  }

  /** An attempt that failed for a reason that may lie in this machine. A job that fails every attempt counts once. */
  failed(witness: string, job: string): void {
    this.#failed.set(job, witness);
  }

  /** Why this VM should test itself; null while there is no doubt. */
  trouble(): string | null {
    const jobs = this.#failed.size;
    if (new Set(this.#failed.values()).size >= enoughWitnesses || jobs >= enoughFailures) {
      return `Its last ${jobs} jobs failed.`;
    }
    const p90 = this.#slowP90();
    return p90 === null ? null : `It takes ${p90.toFixed(1)} times as long as predicted.`;
  }

  /**
   * The 90th percentile, where it is too slow and the jobs of several senders (or of all, if there are fewer) say so.
   */
  #slowP90(): number | null {
    if (this.#served.length < observations || !this.#served.some(({ ratio }) => ratio > slowness))
      return null;
    const figures = quantilesOf(this.#served.map(({ ratio }) => ratio));
    if (!figures || figures.p90 <= slowness) return null;
    const senders = new Set(this.#served.map(({ witness }) => witness));
    const slow = new Set(this.#served.filter(({ ratio }) => ratio > slowness).map(({ witness }) => witness));
    return slow.size >= Math.min(enoughWitnesses, senders.size) ? figures.p90 : null;
  }

  /** How long to wait before the next self-test, in milliseconds. */
  nextPauseMs(now: Date): number {
    if (now.getTime() - this.#reopenedAt > relapseWithin) {
      this.#pauses = 0;
      this.#reopenedAt = Number.POSITIVE_INFINITY;
    }
    return Math.min(longestPause, firstPause * 2 ** this.#pauses++);
  }

  /** Forgets the observations, after a test picture that went well. */
  forget(): void {
    this.#failed.clear();
    this.#served = [];
  }

  /** After a pause that a self-test has ended. */
  reopen(now: Date): void {
    this.#reopenedAt = now.getTime();
    this.forget();
  }
}

/**
 * The witness of a job, for judgements of health. All pictures of one sender are one witness, however many they are.
 * Uploads without an owner count as one sender, because a batch, a name or a folder costs a stranger nothing.
 */
export function witnessOf({ owner, source }: Pick<Job, 'owner' | 'source'>): string {
  return owner === null ? `bucket ${source.bucket}` : `owner ${owner}`;
}
