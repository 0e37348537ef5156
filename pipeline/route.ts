import { RefusedError } from '@spillway/core/errors.ts';
import { sizeRefusal } from '@spillway/core/file-size.ts';
import type { Job, JobError } from '@spillway/core/job.ts';
import type { IgnoredName } from '@spillway/core/object-names.ts';
import { objectAddress } from '@spillway/core/passed-over.ts';
import { decideRoute } from '@spillway/core/routing/policy.ts';
import type { Conditions } from '@spillway/core/routing/question.ts';
import { overTime } from '@spillway/core/steps.ts';
import { type JobRequest, refusedAtOnce } from '@spillway/core/transitions.ts';
import {
  type FinalizedObject,
  type RequestedJob,
  readUpload,
  type Sender,
  type UploadRequest,
} from '@spillway/core/uploads.ts';
import { followEnd } from './after-end.ts';
import { readConditions } from './conditions.ts';
import { type Enqueued, enqueue, newJob, wasLeftBehind } from './enqueue.ts';
import { ofJob } from './log/of-job.ts';
import type { Ports } from './ports/ports.ts';
import type { RecentArrivals } from './recent-arrivals.ts';
import { recordFailure } from './record.ts';
import { writeErrorReport } from './results.ts';
import { traceArrival, traceOfUpload } from './upload-trace.ts';

export interface RouteOptions {
  /** The operations for which jobs are made. Default: all that the upload asks for. */
  wanted?: (operation: string) => boolean;
  /** What this process has routed of late. */
  arrivals?: RecentArrivals;
}

/**
 * Turns a finalized upload into its jobs. Safe to repeat: the same
 * object gives the same jobs. One of them that a service refuses ends as a failed job, and does not keep the others
 * from theirs.
 * Throws `OutageError` when a service does not answer, so that the event comes again, and `RefusedError` when nothing
 * could be recorded of the upload.
 */
export async function routeUpload(
  object: FinalizedObject,
  trace: string | null,
  ports: Ports,
  options: RouteOptions = {},
): Promise<Job[]> {
  const end = options.arrivals?.begin();
  try {
    return await route(object, trace, ports, options);
  } finally {
    end?.();
  }
}

async function route(
  object: FinalizedObject,
  trace: string | null,
  ports: Ports,
  { wanted = () => true, arrivals }: RouteOptions,
): Promise<Job[]> {
  const receivedAt = Date.now();
  // The events of the results bucket were sent here by mistake.
  if (object.bucket === ports.buckets.results) return ignore(object, 'own_result', ports);
  const [sender, conditions] = await Promise.all([senderOf(object, ports), overTime(readConditions(ports))]);
  const upload = readUpload(object, sender);
  if (upload.kind === 'ignored') return ignore(object, upload.why, ports);
  const requested = upload.jobs.filter(({ operation }) => wanted(operation));
  const continued = traceOfUpload(object, trace, ports);
  const settled = await Promise.allSettled(
    requested.map((one) =>
      startJob(upload, one, { trace: continued, receivedAt, arrivals }, conditions, ports),
    ),
  );
  const started = settled.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
  const made = started.find(({ isNew }) => isNew);
  if (made) traceArrival(object, made.job, receivedAt, ports);
  return started.map(({ job }) => job);
}

interface StartedJob {
  job: Job;
  /** False where the event is a repeated one, and its job needed nothing. */
  isNew: boolean;
}

/** Any bucket but the site's own is one that integrators may write to. */
export async function senderOf(
  { bucket }: Pick<FinalizedObject, 'bucket'>,
  { buckets, settings }: Pick<Ports, 'buckets' | 'settings'>,
): Promise<Sender> {
  return bucket === buckets.webUploads
    ? { kind: 'site' }
    : { kind: 'integrator', rules: await settings.sourceRules() };
}

function ignore(object: FinalizedObject, why: IgnoredName, ports: Ports): [] {
  ports.log.info({ object: objectAddress(object), why }, 'An object that is no upload was left alone.');
  return [];
}

async function startJob(
  upload: Extract<UploadRequest, { kind: 'jobs' }>,
  requested: RequestedJob,
  {
    trace,
    receivedAt,
    arrivals,
  }: { trace: string; receivedAt: number; arrivals: RecentArrivals | undefined },
  conditions: Conditions,
  ports: Ports,
): Promise<StartedJob> {
  const { source, owner, batch, batchSize, batchIndex } = upload;
  const { operation, options } = requested;
  const refusal = requested.refusal ?? sizeRefusal(source.size);
  const request: JobRequest = {
    operation,
    options,
    owner,
    source,
    class: upload.class,
    batch,
    batchSize,
    batchIndex,
    upload: upload.upload,
    run: 1,
    retryOf: null,
    rerunOf: null,
    trace,
    rulePrefix: upload.rulePrefix,
    clockStartsAt: source.timeCreated,
  };
  if (refusal) return recordRefusal(request, refusal, conditions, ports);
  try {
    const enqueued = await overTime(
      enqueue(request, ports, decideRoute, {
        seen: conditions,
        startedAt: receivedAt,
        ...(arrivals ? { arrivals } : {}),
      }),
    );
    const { kind, job } = enqueued;
    ports.log.info({ ...ofJob(job), target: job.route.target, reason: job.route.reason }, wordsFor(enqueued));
    return { job, isNew: kind !== 'repeated' };
  } catch (error) {
    if (!(error instanceof RefusedError && error.scope === 'request')) throw error;
    const refused = { code: 'service_refused', message: error.message } as const;
    return recordRefusal(request, refused, conditions, ports);
  }
}

function wordsFor({ kind, job }: Enqueued): string {
  switch (kind) {
    case 'enqueued':
      return `Routed: ${job.route.explanation}`;
    case 'deferred':
      return 'Recorded; the sweep decides where it goes.';
    case 'repeated':
      return 'The event was repeated; the job is there.';
    default:
      return kind satisfies never;
  }
}

/** Leaves the report for the integrator first, then the document that the admin sees. */
async function recordRefusal(
  request: JobRequest,
  refusal: NonNullable<RequestedJob['refusal']>,
  conditions: Conditions,
  ports: Ports,
): Promise<StartedJob> {
  const error = { ...refusal, retryable: false };
  const job = refusedAtOnce(newJob(request, conditions, ports), error, ports.clock.now());
  const existing = await ports.jobs.get(job.id);
  if (existing) return { job: await endedAlready(existing.job, error, ports), isNew: false };
  await overTime(writeErrorReport(job, error, ports.clock.now(), ports));
  const { kind, stored } = await ports.jobs.create(job);
  if (kind === 'created') await overTime(followEnd(stored, ports));
  ports.log.warn({ ...ofJob(job), code: error.code }, `Refused: ${error.message}`);
  return { job: stored.job, isNew: kind === 'created' };
}

/**
 * Ends the document that is there already: the event is a repeated one, or its router got no further than the
 * reservation.
 */
async function endedAlready(job: Job, error: JobError, ports: Ports): Promise<Job> {
  if (!wasLeftBehind(job)) return job;
  const ended = await overTime(recordFailure(job, error, wasLeftBehind, ports));
  return ended.kind === 'failed' ? ended.job : job;
}
