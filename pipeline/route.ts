import { sizeRefusal } from '@spillway/core/file-size.ts';
import type { Job } from '@spillway/core/job.ts';
import { type JobRequest, refusedAtOnce } from '@spillway/core/transitions.ts';
import {
  type FinalizedObject,
  type RequestedJob,
  readUpload,
  type UploadRequest,
} from '@spillway/core/uploads.ts';
import { announceEnd } from './announce.ts';
import { readConditions } from './conditions.ts';
import { enqueue, newJob } from './enqueue.ts';
import type { Ports } from './ports/ports.ts';
import { writeErrorReport } from './results.ts';

/**
 * Turns a finalized upload into its jobs, or into those for the operations that are wanted. Safe to repeat: the same
 * object gives the same jobs.
 * Throws `OutageError` when a service does not answer, so that the event comes again.
 */
export async function routeUpload(
  object: FinalizedObject,
  trace: string | null,
  ports: Ports,
  wanted: (operation: string) => boolean = () => true,
): Promise<Job[]> {
  const upload = readUpload(object, await ports.settings.sourceRules());
  if (upload.kind === 'ignored') return [];
  const requested = upload.jobs.filter(({ operation }) => wanted(operation));
  return Promise.all(requested.map((one) => startJob(upload, one, trace, ports)));
}

async function startJob(
  upload: Extract<UploadRequest, { kind: 'jobs' }>,
  requested: RequestedJob,
  trace: string | null,
  ports: Ports,
): Promise<Job> {
  const { source, owner, batch, batchSize } = upload;
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
    upload: upload.upload,
    run: 1,
    retryOf: null,
    trace,
    clockStartsAt: source.timeCreated,
  };
  if (refusal) return recordRefusal(request, refusal, ports);
  const { kind, job } = await enqueue(request, ports);
  ports.log.info(
    { jobId: job.id, target: job.route.target, reason: job.route.reason, trace },
    kind === 'enqueued' ? `Routed: ${job.route.explanation}` : 'The event was repeated; the job is there.',
  );
  return job;
}

/** Leaves the report for the integrator first, then the document that the admin sees. */
async function recordRefusal(
  request: JobRequest,
  refusal: NonNullable<RequestedJob['refusal']>,
  ports: Ports,
): Promise<Job> {
  const error = { ...refusal, retryable: false };
  const job = refusedAtOnce(newJob(request, await readConditions(ports), ports), error, ports.clock.now());
  const existing = await ports.jobs.get(job.id);
  if (existing) return existing.job;
  await writeErrorReport(job, error, ports.clock.now(), ports);
  const { kind, stored } = await ports.jobs.create(job);
  if (kind === 'created') await announceEnd(stored, ports);
  ports.log.warn({ jobId: job.id, code: error.code }, `Refused: ${error.message}`);
  return stored.job;
}
