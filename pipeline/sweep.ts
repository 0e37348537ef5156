import { isInDoubt } from '@spillway/core/routing/liveness.ts';
import { decideRoute } from '@spillway/core/routing/policy.ts';
import type { SpanName } from '@spillway/core/spans.ts';
import { type Awaitable, overTime, type Steps, type Walk, waitFor } from '@spillway/core/steps.ts';
import { emptyOutbox } from './after-end.ts';
import { type ConditionsNow, readConditions } from './conditions.ts';
import { decideDeferred } from './decide-deferred.ts';
import { type ChooseRoute, decide, sendDecided } from './enqueue.ts';
import { underLease, whileHeld } from './held-lease.ts';
import { helpEach, type Resting } from './help-each.ts';
import { type LeadersLook, whileLooking } from './leaders-look.ts';
import { ofJob } from './log/of-job.ts';
import { newSeenWaiting, republishLost, type SeenWaiting } from './lost-messages.ts';
import type { GoneThrough } from './pass-over.ts';
import type { Stored } from './ports/jobs.ts';
import type { Ports } from './ports/ports.ts';
import { reviewWaiting } from './review-waiting.ts';
import { tellGivenBack } from './telemetry/facts.ts';
import { traced } from './telemetry/traced.ts';

/** Milliseconds. */
const timing = {
  /**
   * The lease keeps sweepers from doing the same work at once. One that dies holds up the others no longer than
   * this.
   */
  lease: 3_000,
  /** A router that is at work gets this long before its job counts as left behind. */
  routing: 3_000,
  /** A worker that is at work on its job's outbox gets this long before the sweep does it. */
  following: 5_000,
  /**
   * A sweep leaves a list after this time, and the next one goes on with it. With six lists a sweep ends long before the
   * function that sweeps is cut off.
   */
  list: 5_000,
  /** After the heartbeats of the whole fleet were late, workers get this long to renew their claims as well. */
  renewing: 4_000,
} as const;
/**
 * The name of the sweep's lease, with the version of what a sweep has to do. The holder keeps the lease as long as it lives. A
 * program of an earlier version, which decides no deferred jobs and puts none into lanes, holds `sweep`: while an update
 * is under way both sweep, which does no harm.
 */
export const sweepLease = 'sweep-2';
const batch = 100;
/** One sweep reads no more than this number of batches of a list. The next sweep goes on from there. */
const mostPages = 10;

export interface Swept {
  /** Jobs that routers had left to the sweep. */
  decided: number;
  published: number;
  moved: number;
  republished: number;
  freed: number;
  /** Ended jobs whose outbox was emptied. */
  followed: number;
  /** Jobs for which nothing could be done. */
  passedOver: number;
}

/** What a process remembers from one of its sweeps to the next. */
export interface SweepMemory {
  resting: Resting;
  /** The last job that was read of each list that was cut off. */
  places: Map<string, Stored>;
  seenWaiting: SeenWaiting;
  /** When the heartbeats of the whole fleet were last late. Milliseconds since 1970. */
  doubtedMs: number;
  /** Told of each look at the world. */
  onSeen?: (seen: ConditionsNow) => void;
}

export function newSweepMemory(): SweepMemory {
  return {
    resting: new Map(),
    places: new Map(),
    seenWaiting: newSeenWaiting(),
    doubtedMs: Number.NEGATIVE_INFINITY,
  };
}

/**
 * Takes up what was left behind: jobs that a dead worker has claimed, jobs that were recorded but not
 * published, jobs whose decision was left to it, jobs that are late where they wait, messages that nobody claimed, and outboxes. It also updates
 * what routers know of the world. Resolves to null when another sweep has the lease. One part that fails does
 * not stop the others: what it threw is thrown when all are done.
 */
export function sweepOnce(
  holder: string,
  ports: Ports,
  memory: SweepMemory = newSweepMemory(),
): Promise<Swept | null> {
  return overTime(sweepUnderLease(holder, ports, memory));
}

/** The same, as steps. */
export function sweepUnderLease(holder: string, ports: Ports, memory: SweepMemory): Steps<Swept | null> {
  const lease = { name: sweepLease, holder, ttlMs: timing.lease };
  return underLease(lease, ports, (lost) =>
    whileLooking(ports, (look) => sweep(ports, memory, lost, look), memory.onSeen),
  );
}

function* sweep(ports: Ports, memory: SweepMemory, lost: AbortSignal, look: LeadersLook): Steps<Swept> {
  const startedAt = Date.now();
  const failures: unknown[] = [];
  function* part<Value>(sweeping: Steps<Value>, otherwise: Value): Steps<Value> {
    try {
      lost.throwIfAborted();
      return yield* sweeping;
    } catch (error) {
      failures.push(error);
      return otherwise;
    }
  }
  yield* part(look.conditions(), null);
  const freed = yield* part(freeAbandoned(ports, memory, lost), nothing);
  const decided = yield* part(decideDeferred(ports, memory.resting, lost), nothing);
  const published = yield* part(publishUnpublished(ports, memory, lost), nothing);
  const moved = yield* part(reviewWaiting(ports, memory, lost, look), nothing);
  const republished = yield* part(republishLost(ports, memory.seenWaiting, memory.resting, lost), nothing);
  const followed = yield* part(emptyOutboxes(ports, memory, lost), nothing);
  yield* part(removeExpired(ports.fleet), undefined);
  yield* part(removeExpired(ports.passedOver), undefined);
  yield* part(removeExpired(ports.retention), undefined);
  if (failures.length > 0) throw failures[0];
  const passedOver = [freed, decided, published, moved, republished, followed].map((gone) => gone.passedOver);
  const swept = {
    freed: freed.done,
    decided: decided.done,
    published: published.done,
    moved: moved.done,
    republished: republished.done,
    followed: followed.done,
    passedOver: passedOver.reduce((sum, count) => sum + count),
  };
  traceSweep(swept, startedAt, ports);
  return swept;
}

/** A trace of its own, for a sweep that found something to do. */
function traceSweep(swept: Swept, startedAt: number, { tracing }: Ports): void {
  const counts = Object.entries(swept).filter(([, count]) => count > 0);
  if (!tracing || counts.length === 0) return;
  const attributes = Object.fromEntries(counts.map(([what, count]) => [`spillway.sweep.${what}`, count]));
  tracing.tracer
    .startSpan('sweep' satisfies SpanName, { root: true, startTime: startedAt, attributes })
    .end();
}

const nothing: GoneThrough = { done: 0, passedOver: 0 };

function* removeExpired(documents: { removeExpired(): Awaitable<void> }): Steps<void> {
  yield* waitFor(documents.removeExpired());
}

/** Queues jobs again whose workers are gone. */
export function* freeAbandoned(
  ports: Ports,
  memory: SweepMemory,
  lost: AbortSignal,
  choose: ChooseRoute = decideRoute,
): Steps<GoneThrough> {
  const patienceMs = yield* patienceWithClaims(ports, memory);
  const abandoned = inPages('abandoned', (after) => ports.backlog.abandoned(batch, after), memory, ports);
  return yield* helpEach(
    whileHeld(abandoned, lost),
    ports,
    function* (stored) {
      const expiredMs = stored.readAt.getTime() - (stored.job.claim?.expiresAt.getTime() ?? 0);
      if (expiredMs < patienceMs) return false;
      const worker = stored.job.claim?.worker ?? 'its worker';
      if (!(yield* routeAnew(stored, ports, choose))) return false;
      tellGivenBack(stored.job, 'abandoned', ports);
      ports.log.warn({ ...ofJob(stored.job), worker }, `Queued again: ${worker} stopped renewing its claim.`);
      return true;
    },
    memory.resting,
  );
}

/**
 * For how long claims may have expired before their jobs are freed, in milliseconds. While the whole fleet is in doubt,
 * its workers could no more renew a claim than beat. To free what they have in hand would do all of that work twice. A fence
 * sees to it that no result counts twice either way.
 */
function* patienceWithClaims(ports: Ports, memory: SweepMemory): Steps<number> {
  const { workers, settings, now } = yield* readConditions(ports);
  if (isInDoubt(workers, settings)) memory.doubtedMs = now.getTime();
  const isPatient = now.getTime() - memory.doubtedMs <= timing.renewing;
  return isPatient ? Math.max(0, settings.vm.doubtWithinMs - settings.vm.liveWithinMs) : 0;
}

function publishUnpublished(ports: Ports, memory: SweepMemory, lost: AbortSignal): Steps<GoneThrough> {
  const age = timing.routing;
  const left = inPages('unpublished', (after) => ports.backlog.unpublished(age, batch, after), memory, ports);
  return helpEach(
    whileHeld(left, lost),
    ports,
    function* (stored) {
      if (!(yield* routeAnew(stored, ports))) return false;
      ports.log.warn({ ...ofJob(stored.job) }, 'Published a job that its router had left behind.');
      return true;
    },
    memory.resting,
  );
}

function emptyOutboxes(ports: Ports, memory: SweepMemory, lost: AbortSignal): Steps<GoneThrough> {
  const age = timing.following;
  const left = inPages('outboxes', (after) => ports.backlog.outboxes(age, batch, after), memory, ports);
  return helpEach(
    whileHeld(left, lost),
    ports,
    function* (stored) {
      yield* emptyOutbox(stored, ports);
      return true;
    },
    memory.resting,
  );
}

/**
 * A list, as much of it as one sweep can do. The first hundreds may all be jobs that cannot be helped, so it reads on
 * behind them, and the next sweep goes on where this one stops.
 */
function inPages(
  name: string,
  read: (after: Stored | null) => Awaitable<Stored[]>,
  { places }: SweepMemory,
  { clock }: Ports,
): Walk<Stored> {
  return function* (visit) {
    const until = clock.now().getTime() + timing.list;
    for (let page = 0; page < mostPages && clock.now().getTime() < until; page++) {
      const jobs = yield* waitFor(read(places.get(name) ?? null));
      for (const stored of jobs) {
        yield* visit(stored);
        places.set(name, stored);
      }
      if (jobs.length < batch) {
        places.delete(name);
        return;
      }
    }
  };
}

/**
 * Decides and publishes as the job's router would have done. False when somebody else has changed the job.
 */
function routeAnew(stored: Stored, ports: Ports, choose: ChooseRoute = decideRoute): Steps<boolean> {
  return traced('requeue', stored.job, () => decideAnew(stored, ports, choose), ports);
}

function* decideAnew(stored: Stored, ports: Ports, choose: ChooseRoute): Steps<boolean> {
  const decided = yield* decide(stored, yield* readConditions(ports), ports, choose);
  if (decided) yield* sendDecided(decided, ports);
  return decided !== null;
}
