import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Firestore } from '@google-cloud/firestore';
import { Storage } from '@google-cloud/storage';
import { isTerminal, type Job } from '@spillway/core/job.ts';
import { drawPhoto } from './photos.ts';
import { quantile } from './quantile.ts';
import { type BenchStack, between, countByTarget, ended, upload, withStack } from './stack-jobs.ts';

const size = { vms: 2, slots: 2, runMax: 6, likeCloud: true } as const;
const sketches = 100;
const captions = 20;
/** One megapixel. */
const photo = { width: 1_200, height: 833, seed: 3 };

export interface MixedBurst {
  jobs: number;
  succeeded: number;
  /** Receipts in the bucket of results, of which each job leaves one. */
  receipts: number;
  /** Attempts beyond the first of each job. */
  attemptsAgain: number;
  /** Pushes that came again, of jobs and of events. */
  pushesAgain: number;
  /** States that Cloud Run's breaker and the VMs were seen in, other than closed and ready. */
  opened: string[];
  seconds: number;
  byTarget: Record<string, number>;
  /** Seconds from upload to outcome. */
  p50: number;
  p95: number;
}

/** 100 sketches and 20 captions at once, for two VMs of two slots and up to six instances that freeze when idle. */
export function mixedBurst(): Promise<MixedBurst> {
  return withStack(size, async (bench) => {
    const opened = new Set<string>();
    const stopWatching = watchBreakers(bench.firestore, opened);
    const startedAt = performance.now();
    const bytes = await drawn(bench);
    const names = [
      ...Array.from({ length: sketches }, (_, index) => `sketch/mixed-${index}.jpg`),
      ...Array.from({ length: captions }, (_, index) => `caption/mixed-${index}.jpg`),
    ];
    await Promise.all(names.map((name) => upload(bench.stack, name, bytes)));
    const jobs = [
      ...(await ended(bench.firestore, 'sketch/mixed-', sketches)),
      ...(await ended(bench.firestore, 'caption/mixed-', captions)),
    ];
    const seconds = (performance.now() - startedAt) / 1_000;
    stopWatching();
    return {
      ...summary(jobs),
      receipts: await receipts(bench),
      opened: [...opened],
      pushesAgain: await pushesAgain(bench),
      seconds,
    };
  });
}

function summary(jobs: Job[]): Omit<MixedBurst, 'receipts' | 'opened' | 'pushesAgain' | 'seconds'> {
  const latencies = jobs
    .filter(({ state }) => isTerminal(state))
    .map((job) => between(job.source.timeCreated, job.endedAt ?? job.source.timeCreated) / 1_000);
  return {
    jobs: jobs.length,
    succeeded: jobs.filter(({ state }) => state === 'succeeded').length,
    attemptsAgain: jobs.reduce((sum, { attempt }) => sum + attempt - 1, 0),
    byTarget: countByTarget(jobs),
    p50: quantile(latencies, 0.5),
    p95: quantile(latencies, 0.95),
  };
}

/** Adds to `opened` what a breaker does from now on. */
function watchBreakers(firestore: Firestore, opened: Set<string>): () => void {
  const stopState = firestore.doc('routing/state').onSnapshot((state) => {
    const breaker: unknown = state.get('breaker.state') ?? 'closed';
    if (breaker !== 'closed') opened.add(`Cloud Run ${breaker}: ${state.get('breaker.why')}`);
  });
  const paused = firestore.collection('workers').where('state', '==', 'paused');
  const stopWorkers = paused.onSnapshot(({ docs }) => {
    for (const { id } of docs) opened.add(`${id} paused`);
  });
  return () => {
    stopState();
    stopWorkers();
  };
}

async function receipts({ stack }: BenchStack): Promise<number> {
  const storage = new Storage({ projectId: stack.project, apiEndpoint: stack.storage });
  const [files] = await storage.bucket(stack.buckets.results).getFiles();
  return files.filter(({ name }) => name.endsWith('.receipt.json')).length;
}

async function pushesAgain({ directory }: BenchStack): Promise<number> {
  const log = await readFile(join(directory, 'logs', 'pusher.log'), 'utf8');
  return log.split('\n').filter((line) => line.includes('a push comes again')).length;
}

async function drawn({ directory }: BenchStack): Promise<Buffer> {
  const path = join(directory, 'photo.jpg');
  await drawPhoto(photo.width, photo.height, photo.seed, path);
  return readFile(path);
}
