import type { Span } from '@opentelemetry/api';
import { isAskedAgain, isDeferred, type Job, type Ledger, schemaVersion } from '@spillway/core/job.ts';
import { jobId } from '@spillway/core/job-id.ts';
import { isOperationName, type OperationName } from '@spillway/core/operations.ts';
import { estimatePixels } from '@spillway/core/pixels.ts';
import { liveVms } from '@spillway/core/routing/liveness.ts';
import { decideRoute } from '@spillway/core/routing/policy.ts';
import { vmServiceMs } from '@spillway/core/routing/predict.ts';
import type { Candidate, Conditions, RoutingQuestion } from '@spillway/core/routing/question.ts';
import { slotsOf } from '@spillway/core/routing/state.ts';
import { objectiveMs, turnOf } from '@spillway/core/routing/waiting.ts';
import type { RoutingSettings } from '@spillway/core/settings.ts';
import { spanAttributes } from '@spillway/core/spans.ts';
import { begin, type Steps, waitFor, waitForAll } from '@spillway/core/steps.ts';
import {
  deferred,
  type JobRequest,
  type NewJob,
  published,
  type RouteChoice,
  reclassified,
  reserved,
  routed,
  unpublished,
} from '@spillway/core/transitions.ts';
import { candidateOf, readConditions } from './conditions.ts';
import { ofJob } from './log/of-job.ts';
import type { Stored } from './ports/jobs.ts';
import type { Ports } from './ports/ports.ts';
import type { RecentArrivals } from './recent-arrivals.ts';
import { withSpendingSince } from './spending.ts';
import { tellDecision } from './telemetry/facts.ts';
import { traced, traceFromHere } from './telemetry/traced.ts';

/** Chooses where a job waits. In production that is `decideRoute`; the simulator plays other policies, too. */
export type ChooseRoute = (question: RoutingQuestion, job: Job) => RouteChoice;

export type Enqueued =
  | { kind: 'enqueued'; job: Job }
  /** It is recorded, and the sweep decides where it waits. */
  | { kind: 'deferred'; job: Job }
  /** The job was there already, and needs nothing from here. */
  | { kind: 'repeated'; job: Job };

/** What a router knows when it begins with a job. */
export interface Routing {
  /** The world, as the router has just seen it. */
  seen?: Conditions;
  /** When routing began, in milliseconds since 1970 by this machine's clock. */
  startedAt?: number;
  /** What this process has routed of late; without it, only what says that it is bulk is deferred. */
  arrivals?: RecentArrivals;
}

/**
 * Look, reserve, count, decide, update, publish. The look at the world comes first, because the reservation
 * states the predicted work. The reservation comes before the count, so that routers that work at the same time
 * see each other's jobs. If the program ends in between, the repeated event or the sweep goes on. Throws
 * `OutageError` when a service does not answer.
 *
 * Bulk work, and what is one of a crowd, is only recorded: that is one write, and those behind it do not wait for sums.
 * The sweep decides it (see `decide-deferred.ts`).
 */
export function* enqueue(
  request: JobRequest,
  ports: Ports,
  choose: ChooseRoute = decideRoute,
  { seen, startedAt = Date.now(), arrivals }: Routing = {},
): Steps<Enqueued> {
  const conditions = seen ?? (yield* readConditions(ports));
  const created = newJob(request, conditions, ports, arrivals);
  const mayWait = created.class === 'bulk' || arrivals?.isOfCrowd(created, conditions) === true;
  const job = (mayWait ? deferred : reserved)(created, ports.clock.now());
  const creation = yield* waitFor(ports.jobs.create(job));
  const { stored } = creation;
  if (creation.kind === 'exists' && !wasLeftBehind(stored.job)) return { kind: 'repeated', job: stored.job };
  const goOn = (span: Span): Steps<Enqueued> =>
    isDeferred(stored.job)
      ? waitFor({ kind: 'deferred', job: stored.job })
      : route(stored, conditions, span, ports, choose, arrivals);
  return yield* traced('route', stored.job, goOn, ports, { startedAt });
}

function* route(
  stored: Stored,
  conditions: Conditions,
  span: Span,
  ports: Ports,
  choose: ChooseRoute,
  arrivals: RecentArrivals | undefined,
): Steps<Enqueued> {
  const decided = yield* decide(stored, conditions, ports, choose);
  if (!decided) return { kind: 'repeated', job: stored.job };
  const { job } = decided;
  if (job.class === 'bulk') arrivals?.noteLargeBatch(job);
  const { target, reason } = job.route;
  span.setAttributes({ [spanAttributes.target]: target, [spanAttributes.reason]: reason });
  yield* sendDecided(decided, ports);
  return { kind: 'enqueued', job };
}

/** The identity and the values that a job has before anything is known of its route. */
export function newJob(
  request: JobRequest,
  conditions: Conditions,
  ports: Ports,
  arrivals?: RecentArrivals,
): NewJob {
  const { operation, options, run, source, batchSize } = request;
  const { bucket, name, generation } = source;
  const { settings } = conditions;
  const known = isOperationName(operation);
  const id = jobId({ bucket, name, generation, operation, options, run });
  const isBulk =
    (batchSize ?? 1) > settings.bulk.batchOver || arrivals?.isOfLargeBatch({ ...request, id }, settings);
  const jobClass = isBulk ? 'bulk' : request.class;
  return {
    ...request,
    id,
    reservation: ports.newToken(),
    class: jobClass,
    objectiveMs: known ? objectiveMs(operation, jobClass, settings) : 0,
    workMs: known ? Math.round(vmServiceMs(operation, estimatePixels(source), conditions)) : 0,
  };
}

/** Hands over the message of a job that waits, and notes that it did. A crash in between publishes twice, harmlessly. */
export function* publish(stored: Stored, ports: Ports): Steps<Stored> {
  yield* sendMessage(stored.job, ports);
  // A worker may have claimed the job already: then there is nothing left to note.
  return (yield* waitFor(ports.jobs.replace(stored, published(stored.job, ports.clock.now())))) ?? stored;
}

/**
 * Hands over the message of a job whose decision says already that it is published, which spares a write. Where that
 * fails, the job says so again. A program that ends in between leaves a job whose message counts as lost in time: a VM that
 * looks at the line takes it without, and the sweep sends one.
 */
export function* sendDecided(stored: Stored, ports: Ports): Steps<void> {
  try {
    yield* sendMessage(stored.job, ports);
  } catch (error) {
    yield* takeBackPublished(stored, ports);
    throw error;
  }
}

function* takeBackPublished(stored: Stored, ports: Ports): Steps<void> {
  try {
    yield* waitFor(ports.jobs.replace(stored, unpublished(stored.job)));
  } catch (error) {
    ports.log.warn({ ...ofJob(stored.job), error }, 'A job counts as published, and its message is missing.');
  }
}

/** Hands the job's message to its side. */
function sendMessage(job: Job, ports: Ports): Steps<void> {
  const { target, epoch } = job.route;
  const attributes = { [spanAttributes.target]: target, [spanAttributes.epoch]: epoch };
  return traced('publish', job, () => handOver(job, ports), ports, { attributes });
}

function* handOver(job: Job, ports: Ports): Steps<void> {
  const { target, epoch } = job.route;
  const message = { schemaVersion, jobId: job.id, epoch };
  yield* waitFor(ports.queue.publish(target, message, traceFromHere(job)));
}

/**
 * Asks the router where the job should wait, given all that is ahead of it now, and writes the answer, as published: its
 * message is still to be sent (`sendDecided`). Null when somebody else has changed the job since it was read. Throws
 * `PermanentError` when this version knows no such operation, and `OutageError`.
 * @param seen What this router has just read.
 */
export function* decide(
  stored: Stored,
  seen: Conditions,
  ports: Ports,
  choose: ChooseRoute = decideRoute,
): Steps<Stored | null> {
  const candidate = candidateOf(stored.job);
  const job = yield* classify(stored, candidate.operation, seen, ports);
  const conditions = { ...seen, now: ports.clock.now() };
  const { deadlineAt } = job;
  const turnAfter = (ownerAheadMs: number) =>
    turnFor({ ...candidate, deadlineAt }, job, ownerAheadMs, conditions);
  const [spent, { turnAt, ledger }] = yield* waitForAll([
    begin(withSpendingSince(conditions, ports)),
    begin(ledgerOf({ ...stored, job }, turnAfter, ports)),
  ]);
  const choice = choose({ ...spent, ...candidate, deadlineAt, turnAt, ledger }, job);
  const now = ports.clock.now();
  const written = yield* waitFor(ports.jobs.replace(stored, published(routed(job, choice, now), now)));
  if (written) tellDecision(job, written.job, ports);
  return written;
}

/** The job in its class. */
function* classify(
  stored: Stored,
  operation: OperationName,
  { settings }: Conditions,
  ports: Ports,
): Steps<Job> {
  return (yield* belongsToLargeBatch(stored, settings, ports))
    ? reclassified(stored.job, 'bulk', objectiveMs(operation, 'bulk', settings))
    : stored.job;
}

/** A job that was decided before keeps its turn. */
function* ledgerOf(
  stored: Stored,
  turnAfter: (ownerAheadMs: number) => Date,
  { sums }: Ports,
): Steps<{ turnAt: Date; ledger: Ledger }> {
  const { reason, turnAt } = stored.job.route;
  if (reason === 'reserved' || turnAt === null) return yield* waitFor(sums.ledgerInTurn(stored, turnAfter));
  return { turnAt, ledger: yield* waitFor(sums.ledger(stored, turnAt)) };
}

export function turnFor(candidate: Candidate, job: Job, ownerAheadMs: number, conditions: Conditions): Date {
  const { now, workers, settings } = conditions;
  return turnOf({
    deadlineAt: candidate.deadlineAt,
    now,
    owner: job.owner,
    ownerAheadMs,
    serviceMs: job.route.workMs,
    slots: slotsOf(liveVms(workers, settings)),
    settings,
  });
}

/** The files of a batch are counted as they arrive where the uploader did not say how many there are. */
function* belongsToLargeBatch(stored: Stored, { bulk }: RoutingSettings, ports: Ports): Steps<boolean> {
  const { job } = stored;
  if (job.batch === null || job.batchSize !== null || job.class === 'bulk' || isAskedAgain(job)) return false;
  return (yield* waitFor(ports.sums.batchBefore(stored))) >= bulk.batchOver;
}

/**
 * Whether a job's first router did not get as far as publishing: a repeated event takes it up. What was deferred is where
 * it should be.
 */
export function wasLeftBehind(job: Job): boolean {
  return job.state === 'queued' && job.publishedAt === null && job.deletedAt === null && !isDeferred(job);
}
