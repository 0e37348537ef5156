import { clockStart, type Job, type JobClass, type Target } from './job.ts';
import { modelsEverywhere } from './models.ts';
import { keptObjective } from './objective.ts';
import { isOperationName, type OperationName } from './operations.ts';
import { estimatePixels } from './pixels.ts';

/** What a simulation needs of a job that really was, without a word of whose picture it is beyond its owner. */
export interface RecordedJob {
  /** When its clock started, in milliseconds since 1970. */
  atMs: number;
  operation: OperationName;
  owner: string | null;
  class: JobClass;
  batch: string | null;
  batchSize: number | null;
  /** The model that it names, where not every machine has it. */
  model: string | null;
  /** As routers guessed them, and as they were. */
  pixels: number;
  decodedPixels: number;
  target: Target;
  /** From the clock's start until a router had written it down; null for what was asked for again. */
  noticeMs: number | null;
  /** From then until it was decided; null where the decision waited for a sweep. */
  decisionMs: number | null;
  /** How long it kept a slot; null where it was not done. */
  processMs: number | null;
  downloadMs: number | null;
  storeMs: number | null;
  /** From the clock's start to the end; null while it is open. */
  tookMs: number | null;
  /** Whether it was in time; null where the objective says nothing of it. */
  kept: boolean | null;
}

/** Null for a job that was never routed: there is nothing to try out. */
export function recordedJob(job: Job): RecordedJob | null {
  const { operation, source, route, timings } = job;
  if (!isOperationName(operation) || route.reason === 'reserved') return null;
  const pixels = estimatePixels(source);
  const { model } = job.options;
  const startMs = clockStart(job).getTime();
  const createdMs = job.createdAt.getTime();
  const isFirst = job.retryOf === null && startMs < createdMs;
  const wasDeferred = job.class === 'bulk' || job.publishedAt === null;
  return {
    atMs: startMs,
    operation,
    owner: job.owner,
    class: job.class,
    batch: job.batch,
    batchSize: job.batchSize,
    model: typeof model === 'string' && !modelsEverywhere.includes(model) ? model : null,
    pixels,
    decodedPixels: job.result?.decodedPixels ?? pixels,
    target: route.target,
    noticeMs: isFirst ? createdMs - startMs : null,
    decisionMs: wasDeferred || route.epoch > 0 ? null : Math.max(0, route.at.getTime() - createdMs),
    processMs: timings?.processMs ?? null,
    downloadMs: timings?.downloadMs ?? null,
    storeMs: timings?.storeMs ?? null,
    tookMs: job.endedAt === null ? null : job.endedAt.getTime() - startMs,
    kept: keptObjective(job),
  };
}
