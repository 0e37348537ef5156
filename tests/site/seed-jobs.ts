import type { FailureCode } from '@spillway/core/errors.ts';
import type { Job, JobResult, SidePrediction, Target, Thumbnails } from '@spillway/core/job.ts';
import { jobId } from '@spillway/core/job-id.ts';
import { receiptName, resultName, thumbnailsName, webObjectName } from '@spillway/core/object-names.ts';
import { resultContentTypes } from '@spillway/core/picture-types.ts';
import { seededRandom } from '@spillway/core/testing/seeded-random.ts';
import * as transitions from '@spillway/core/transitions.ts';
import type { Stored } from '@spillway/pipeline/ports/jobs.ts';
import type { SeededThumbnails } from './seed-thumbnails.ts';
import type { SeededSite } from './seeded-site.ts';

/** How a seeded job is to end, and what it is. What is left out is drawn from the seed. */
export interface SeededJob {
  operation: 'sketch' | 'remove-background' | 'caption';
  end: 'queued' | 'processing' | 'succeeded' | 'cancelled' | FailureCode;
  target: Target;
  class: Job['class'];
  /** The visitor whose it is; null for an integrator's. */
  owner: string | null;
  fileName: string;
  /** When its file was there. Milliseconds since 1970. */
  at: number;
  batch: string | null;
  batchIndex: number;
  batchSize: number | null;
  upload: string | null;
  worker: string;
  pixels: number;
  totalMs: number;
}

const operations = ['sketch', 'remove-background', 'caption'] as const;
const ends: SeededJob['end'][] = [
  ...Array<'succeeded'>(14).fill('succeeded'),
  'queued',
  'processing',
  'cancelled',
  'corrupt_image',
  'unsupported_type',
  'processing_timeout',
  'poison',
];

/** Draws jobs of the last `hours` hours, the oldest first; the same seed draws the same ones. */
export function drawnJobs(count: number, hours: number, now: number, seed = 1): SeededJob[] {
  const random = seededRandom(seed);
  const oneOf = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  return Array.from({ length: count }, (_, index) => {
    const target = random() < 0.7 ? 'vm' : 'run';
    const bulk = random() < 0.3;
    return {
      operation: oneOf(operations),
      end: oneOf(ends),
      target,
      class: bulk ? 'bulk' : 'interactive',
      owner: random() < 0.5 ? null : `visitor-${1 + Math.floor(random() * 5)}`,
      fileName: `${oneOf(['holiday', 'scan', 'IMG', 'Küche', 'portrait'])}_${String(index).padStart(4, '0')}.jpg`,
      at: now - Math.floor(((count - index) / count) * hours * 3_600_000),
      batch: null,
      batchIndex: index,
      batchSize: null,
      upload: null,
      worker: target === 'vm' ? oneOf(['vm-1', 'vm-2', 'vm-3']) : 'run-7f3a',
      pixels: oneOf([2_000_000, 8_000_000, 12_000_000]),
      totalMs: Math.round(500 * Math.exp(3 * random())),
    };
  });
}

/** Bytes of the source and of the results by operation, and of their thumbnails. */
export interface SeededPictures {
  source: Buffer;
  results: Record<SeededJob['operation'], Buffer>;
  thumbnails?: Record<SeededJob['operation'], SeededThumbnails>;
}

/**
 * Writes these jobs as the pipeline would have written them, in order, and gives them back as they are stored.
 * @param pictures Without them the objects of results are empty.
 */
export async function seedJobs(
  site: SeededSite,
  jobs: readonly SeededJob[],
  pictures?: SeededPictures,
): Promise<Job[]> {
  const seeded: Job[] = [];
  for (const [index, each] of jobs.entries()) seeded.push(await seedJob(site, each, index, pictures));
  site.setTime(null);
  return seeded;
}

async function seedJob(
  site: SeededSite,
  wanted: SeededJob,
  index: number,
  pictures: SeededPictures | undefined,
): Promise<Job> {
  const { ports } = site;
  const { buckets } = ports;
  const upload = wanted.owner === null ? null : (wanted.upload ?? `seeded-upload-${index}`);
  const bucket = upload === null ? buckets.uploads : buckets.webUploads;
  const name =
    wanted.owner === null || upload === null
      ? `${wanted.operation}/${wanted.fileName}`
      : webObjectName(wanted.owner, upload, wanted.fileName);
  site.setTime(wanted.at);
  const bytes = pictures?.source ?? Buffer.from(name);
  const { generation } = ports.blobs.upload(bucket, name, bytes, { operation: wanted.operation });
  const timeCreated = new Date(wanted.at);
  const options = seededOptions[wanted.operation];
  const identity = { bucket, name, generation, operation: wanted.operation, options, run: 1 };
  const reserved = transitions.reserved(
    {
      id: jobId(identity),
      operation: wanted.operation,
      options,
      owner: wanted.owner,
      source: {
        bucket,
        name,
        generation,
        size: bytes.length,
        contentType: 'image/jpeg',
        timeCreated,
        pixels: wanted.pixels,
      },
      class: wanted.class,
      batch: wanted.batch,
      batchSize: wanted.batchSize,
      batchIndex: wanted.batch === null ? null : wanted.batchIndex,
      upload,
      run: 1,
      retryOf: null,
      rerunOf: null,
      trace: null,
      clockStartsAt: timeCreated,
      reservation: `seed-${index}`,
      objectiveMs: wanted.class === 'bulk' ? 600_000 : 6_000,
      workMs: 300,
    },
    timeCreated,
  );
  const { stored: created } = await ports.jobs.create(reserved);
  let stored: Stored = created;
  let at = wanted.at;
  const change = async (next: (job: Job) => Job, after = 20) => {
    at += after;
    site.setTime(at);
    const replaced = await ports.jobs.replace(stored, next(stored.job));
    if (replaced === null) throw new Error(`Job ${stored.job.id} was changed by somebody else.`);
    stored = replaced;
  };
  await change((job) => transitions.routed(job, choiceFor(wanted), new Date(at)));
  await change((job) => transitions.published(job, new Date(at)));
  if (wanted.end === 'queued') return stored.job;
  if (wanted.end === 'cancelled') {
    await change((job) => transitions.cancelled(job, new Date(at)));
    return stored.job;
  }
  const token = `token-${index}`;
  await change((job) => {
    const claim = { worker: wanted.worker, token, expiresAt: new Date(at + 60_000) };
    const outcome = transitions.claimed(job, 0, claim, 3, new Date(at));
    if (outcome.kind !== 'claimed') throw new Error(`Job ${job.id} could not be claimed.`);
    return outcome.job;
  });
  if (wanted.end === 'processing') return stored.job;
  if (wanted.end === 'succeeded') {
    const result = await writeSeededResult(site, stored.job, pictures);
    const waitMs = Math.round(wanted.totalMs * 0.4);
    const timings = {
      waitMs,
      downloadMs: 20,
      slotWaitMs: 5,
      processMs: Math.round(wanted.totalMs * 0.5),
      storeMs: 30,
      totalMs: wanted.totalMs,
    };
    await change((job) => transitions.succeeded(job, result, timings, new Date(at)), wanted.totalMs);
    return stored.job;
  }
  const error = {
    code: wanted.end,
    message: seededFailures[wanted.end] ?? 'It could not be done.',
    retryable: wanted.end === 'processing_timeout' || wanted.end === 'poison',
  };
  await change((job) => transitions.failed(job, error, new Date(at)), wanted.totalMs);
  return stored.job;
}

const seededOptions = {
  sketch: { blur: 21, format: 'png' },
  'remove-background': { format: 'png' },
  caption: {},
} as const;

const seededFailures: Partial<Record<FailureCode, string>> = {
  corrupt_image: 'The picture is damaged: its data ends too early.',
  unsupported_type: 'The file is a PDF, and not a picture of a supported type.',
  processing_timeout: 'The picture took longer than the time limit of 60 s.',
  poison: 'The picture stopped the program that worked on it several times.',
};

const sideOf = (finishMs: number, dollars: number, inTime: boolean): SidePrediction => ({
  waitMs: finishMs * 0.4,
  deliveryMs: 30,
  serviceMs: finishMs * 0.4,
  ioMs: 40,
  spreadMs: finishMs * 0.1,
  finishMs,
  dollars,
  inTime,
});

function choiceFor({ target, totalMs }: SeededJob): transitions.RouteChoice {
  const onVm = target === 'vm';
  const vm = sideOf(onVm ? totalMs : 9_000, 0, onVm);
  const run = sideOf(onVm ? 2_500 : totalMs, 0.00004, true);
  return {
    target,
    reason: onVm ? 'vm_in_time' : 'run_vm_late',
    explanation: onVm
      ? `The VMs finish it in ${totalMs / 1_000} s, in time for its deadline in 6 s.`
      : 'The VMs would need 9 s and miss the deadline in 6 s; Cloud Run is in time.',
    policy: 'deadline',
    workMs: 300,
    turnAt: null,
    dollars: onVm ? 0 : run.dollars,
    predicted: { vm, run, runClosed: null, budgetMs: 6_000 },
    ledger: null,
  };
}

async function writeSeededResult(
  { ports }: SeededSite,
  job: Job,
  pictures: SeededPictures | undefined,
): Promise<JobResult> {
  const operation = job.operation as SeededJob['operation'];
  const isCaption = operation === 'caption';
  const contentType = isCaption ? resultContentTypes.json : resultContentTypes.png;
  const name = resultName(job, isCaption ? 'json' : 'png');
  const bytes =
    pictures?.results[operation] ?? Buffer.from(isCaption ? '{"caption":"a seeded picture"}' : '');
  const { generation } = ports.blobs.upload(ports.buckets.results, name, bytes, {});
  const packed = pictures?.thumbnails?.[operation];
  return {
    bucket: ports.buckets.results,
    name,
    generation,
    contentType,
    size: bytes.length,
    crc32c: 'AAAAAA==',
    width: 640,
    height: 480,
    decodedPixels: job.source.pixels,
    model: null,
    notes: [],
    receipt: receiptName(job),
    thumbnails: packed ? writeSeededThumbnails(ports, job, packed) : null,
    mask: null,
  };
}

function writeSeededThumbnails(
  { blobs, buckets }: SeededSite['ports'],
  job: Job,
  { bytes, index: { parts } }: SeededThumbnails,
): Thumbnails {
  const name = thumbnailsName(job);
  const { generation } = blobs.upload(buckets.results, name, Buffer.from(bytes), {});
  return { name, generation, size: bytes.length, parts };
}
