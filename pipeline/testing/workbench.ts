import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Heartbeat } from '@spillway/core/heartbeat.ts';
import type { Job, Target } from '@spillway/core/job.ts';
import type { JobMessage } from '@spillway/core/messages.ts';
import { packPictures } from '@spillway/core/packed-pictures.ts';
import { sampleWorker } from '@spillway/core/testing/sample-worker.ts';
import { onTestFinished } from 'vitest';
import { attemptFoldersIn } from '../attempt-folders.ts';
import type { Executor, Operate, OperationOutput, OperationRequest } from '../executor.ts';
import { LineMemory } from '../line-memory.ts';
import { createMemoryPorts, type MemoryOptions, type MemoryPorts } from '../memory/ports.ts';
import { routeUpload } from '../route.ts';
import { type ManualClock, manualClock, timeOf } from './manual-clock.ts';

export interface Workbench {
  ports: MemoryPorts;
  clock: ManualClock;
  /** Uploads and routes an integrator's picture; the name's first folder is the operation. */
  drop(name?: string, metadata?: Record<string, string>, bytes?: Buffer): Promise<Job[]>;
  /** Uploads and routes a visitor's picture, `<owner>/<file>`, for the operation in its metadata. */
  dropOnSite(name: string, metadata: Record<string, string>): Promise<Job[]>;
  /** Takes the oldest message for a side. */
  take(target: Target): JobMessage;
  /** A worker on Cloud Run where its name begins with `run`, else a VM. */
  executor(worker?: string, operate?: Operate): Executor;
  job(id: string | undefined): Promise<Job>;
  /** All jobs, the newest first. */
  jobs(): Promise<Job[]>;
  /** A heartbeat, now: of the VM `vm-1` with two slots, where nothing else is said. */
  beats(changes?: Partial<Heartbeat>): Promise<void>;
}

/**
 * The use cases on ports in memory, with a clock that moves only when it is told to, and an operation that
 * copies text.
 */
export async function workbench(options: MemoryOptions = {}): Promise<Workbench> {
  const clock = manualClock();
  const ports = createMemoryPorts({ ...timeOf(clock), ...options });
  const workDir = await mkdtemp(join(tmpdir(), 'spillway-bench-'));
  onTestFinished(() => rm(workDir, { recursive: true, force: true }));
  const bench: Workbench = {
    ports,
    clock,
    async drop(name = 'sketch/cat.jpg', metadata = {}, bytes = Buffer.from(name)) {
      const object = ports.blobs.upload(ports.buckets.uploads, name, bytes, metadata);
      return routeUpload(object, null, ports);
    },
    async dropOnSite(name, metadata) {
      const object = ports.blobs.upload(ports.buckets.webUploads, name, Buffer.from(name), metadata);
      return routeUpload(object, null, ports);
    },
    take(target) {
      const message = ports.queue.messages[target].shift();
      if (!message) throw new Error(`Nothing waits for ${target}.`);
      return message;
    },
    executor: (worker = 'vm-1', operate = copying) => ({
      ports,
      operate,
      worker,
      target: worker.startsWith('run') ? 'run' : 'vm',
      folders: attemptFoldersIn(workDir),
      claimMs: 12_000,
      maxAttempts: 3,
      learned: () => ({}),
      line: new LineMemory(),
      leaving: new AbortController().signal,
    }),
    async job(id = '') {
      const stored = await ports.jobs.get(id);
      if (!stored) throw new Error(`There is no job ${id}.`);
      return stored.job;
    },
    jobs: async () => (await ports.feed.find({}, Number.MAX_SAFE_INTEGER, null)).jobs,
    async beats(changes = {}) {
      const expiresAt = new Date(clock.now().getTime() + 600_000);
      const { ageMs: _, ...heartbeat } = sampleWorker({ slots: 2, expiresAt, ...changes });
      await ports.fleet.beat(heartbeat);
    },
  };
  await bench.beats();
  return bench;
}

/** What an operation says of a result, beside the path. */
export const plainOutput = {
  contentType: 'image/png',
  extension: 'png',
  width: 1,
  height: 1,
  decodedPixels: 1,
  model: null,
  notes: [],
  processMs: 1,
  steps: [],
};

/** Stands in for an operation. */
export const copying = async ({ outputPath }: OperationRequest): Promise<OperationOutput> => {
  const path = `${outputPath}.png`;
  await writeFile(path, 'result');
  return { ...plainOutput, path };
};

/** Thumbnails and a mask that are text. */
export const textThumbnails = (text: string) =>
  packPictures({
    thumbnails: [
      { of: 'result', width: 3, height: 2, bytes: Buffer.from(`result ${text}`) },
      { of: 'source', width: 3, height: 2, bytes: Buffer.from(`source ${text}`) },
    ],
    mask: { width: 3, height: 2, bytes: Buffer.from(`mask ${text}`) },
  });

/** Stands in for an operation that makes thumbnails, too, where they are wanted. */
export async function copyingWithThumbnails(
  request: OperationRequest,
  text = 'small',
): Promise<OperationOutput> {
  const output = await copying(request);
  if (!request.thumbnails) return output;
  const path = `${request.outputPath}.thumbnails`;
  const { bytes, index } = textThumbnails(text);
  await writeFile(path, bytes);
  return { ...output, thumbnails: { kind: 'made', path, ...index } };
}
