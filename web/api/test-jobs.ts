import type { Heartbeat } from '@spillway/core/heartbeat.ts';
import type { Job, JobResult } from '@spillway/core/job.ts';
import { receiptName, resultName } from '@spillway/core/object-names.ts';
import { overTime } from '@spillway/core/steps.ts';
import { failed, succeeded } from '@spillway/core/transitions.ts';
import { changeJob } from '@spillway/pipeline/change-job.ts';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import type { TestApi } from './test-client.ts';

/** Ends a job as a worker does that could not read the picture. */
export async function fail(job: Job, { jobs, clock }: Ports): Promise<Job> {
  const error = { code: 'corrupt_image', message: 'The picture is damaged.', retryable: false } as const;
  return changed(await overTime(changeJob(jobs, job.id, (current) => failed(current, error, clock.now()))));
}

/** Ends a job as a worker does that made this result. */
export async function succeed(
  job: Job,
  bytes: Buffer,
  { memory }: Pick<TestApi, 'memory'>,
  more: Partial<JobResult> = {},
): Promise<Job> {
  const { jobs, blobs, clock } = memory;
  const name = resultName(job, 'png');
  const content = { from: { text: bytes.toString('latin1') }, contentType: 'image/png' };
  const written = await blobs.writeOnce('results', name, content);
  await blobs.writeOnce('results', receiptName(job), {
    from: { text: '{}' },
    contentType: 'application/json',
  });
  const timings = { waitMs: 1, downloadMs: 1, slotWaitMs: 0, processMs: 1, storeMs: 1, totalMs: 4 };
  const result = {
    ...written,
    contentType: 'image/png',
    width: 1,
    height: 1,
    decodedPixels: 1,
    model: null,
    notes: [],
    receipt: receiptName(job),
    thumbnails: null,
    mask: null,
    ...more,
  };
  return changed(
    await overTime(changeJob(jobs, job.id, (current) => succeeded(current, result, timings, clock.now()))),
  );
}

/** Ends a job as a worker does that found these words for the picture. */
export async function succeedWithCaption(
  job: Job,
  caption: string,
  { memory }: Pick<TestApi, 'memory'>,
): Promise<Job> {
  const json = JSON.stringify({ caption });
  const contentType = 'application/json';
  const content = { from: { text: json }, contentType };
  const written = await memory.blobs.writeOnce('results', resultName(job, 'json'), content);
  const model = { name: 'blip', sha256: '', builtIn: false, install: null };
  return succeed(job, Buffer.from(json), { memory }, { ...written, contentType, model });
}

export function heartbeat(id: string, now: Date): Heartbeat {
  return {
    id,
    kind: 'vm',
    state: 'ready',
    slots: 2,
    busy: 0,
    inFlight: 0,
    cpu: { load: 0.1, perCore: [0.1, 0.1] },
    memory: { totalBytes: 8e9, usedBytes: 1e9 },
    process: { cpu: 0.1, rssBytes: 1e8, count: 3 },
    perOperation: {},
    delivery: null,
    io: null,
    coldStartMs: null,
    offers: null,
    lacks: [],
    pricePerHour: null,
    models: [],
    startedAt: now,
    version: 'test',
    expiresAt: new Date(now.getTime() + 3_600_000),
  };
}

function changed(stored: { job: Job } | null): Job {
  if (!stored) throw new Error('The job could not be changed.');
  return stored.job;
}
