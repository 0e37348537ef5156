import { setTimeout as delay } from 'node:timers/promises';
import type { Awaitable } from '@spillway/core/steps.ts';
import { usageOfTree } from '../process-tree.ts';
import { median } from '../quantile.ts';
import type { Product } from './product.ts';
import { createUploader, type UploadPlace } from './uploader.ts';

const lookEveryMs = 25;
const lanes = 8;
const rounds = 3;

/** What runs the jobs, in processes of its own. */
export interface Measured extends UploadPlace {
  /** Jobs that have ended since then. It costs those processes little. */
  endedSince(since: Date): Awaitable<number>;
  /** Processor seconds so far, by whose they are. */
  cpuSeconds(): Promise<Record<string, number>>;
}

export interface Throughput {
  /** Jobs that were uploaded and had not ended, at any time of a round. */
  queued: number;
  jobs: number;
  /** Of each round. */
  jobsPerSecond: number[];
  /** Processor milliseconds of all processes, without those that upload and look. Of each round. */
  cpuMsPerJob: number[];
  /** Medians. */
  median: {
    jobsPerSecond: number;
    cpuMsPerJob: number;
    /** The same, by whose they are. */
    cpuMsPerJobOf: Record<string, number>;
  };
}

/** How many jobs of a picture. */
export interface Load {
  /** The start of the objects' names. */
  name: string;
  bytes: Buffer;
  /** Of each round. */
  jobs: number;
  /** That end before the first round, so that the programs are warm. */
  warmUps: number;
}

export function measuredProduct(product: Product): Measured {
  const { storage, buckets, ports } = product;
  return {
    storage,
    buckets,
    endedSince: (since) => ports.sums.succeededSince('vm', since),
    cpuSeconds: async () => ({ all: (await usageOfTree(product.pid)).cpuSeconds }),
  };
}

/**
 * Uploads pictures and keeps so many of them open, until `jobs` of them have ended: from a client's upload to the stored
 * receipt and the recorded outcome. Those that wait are not counted before the first round.
 */
export async function throughputAt(
  measured: Measured,
  queued: number,
  { name, bytes, jobs, warmUps }: Load,
): Promise<Throughput> {
  const uploader = createUploader(measured);
  const since = new Date();
  let sent = 0;
  let ended = 0;
  let goal = Number.POSITIVE_INFINITY;

  /** Sends while fewer than `queued` are open. */
  async function lane(): Promise<void> {
    while (sent < goal) {
      if (sent - ended >= queued) await delay(2);
      else await uploader.upload(`${name}-${queued}-${sent++}.jpg`, bytes);
    }
  }

  async function untilEnded(count: number): Promise<void> {
    while (ended < count) {
      await delay(lookEveryMs);
      ended = await measured.endedSince(since);
    }
  }

  const sending = Promise.all(Array.from({ length: lanes }, lane));
  // Until the line is as long as it has to be, and the programs are warm.
  while (sent < queued) await delay(lookEveryMs);
  await untilEnded(warmUps);
  const jobsPerSecond: number[] = [];
  const cpuMs: Record<string, number>[] = [];
  for (let round = 0; round < rounds; round++) {
    const [from, before] = [ended, await measured.cpuSeconds()];
    const startedAt = performance.now();
    await untilEnded(from + jobs);
    const after = await measured.cpuSeconds();
    const done = ended - from;
    jobsPerSecond.push((done * 1_000) / (performance.now() - startedAt));
    cpuMs.push(eachOf(after, (seconds, whose) => ((seconds - (before[whose] ?? 0)) * 1_000) / done));
  }
  goal = sent;
  await sending;
  uploader.close();
  await untilEnded(sent);
  const cpuMsPerJob = cpuMs.map((shares) => Object.values(shares).reduce((sum, ms) => sum + ms, 0));
  return {
    queued,
    jobs,
    jobsPerSecond,
    cpuMsPerJob,
    median: {
      jobsPerSecond: median(jobsPerSecond),
      cpuMsPerJob: median(cpuMsPerJob),
      cpuMsPerJobOf: eachOf(cpuMs[0] ?? {}, (_, whose) => median(cpuMs.map((shares) => shares[whose] ?? 0))),
    },
  };
}

function eachOf(
  shares: Record<string, number>,
  value: (of: number, whose: string) => number,
): Record<string, number> {
  return Object.fromEntries(Object.entries(shares).map(([whose, of]) => [whose, value(of, whose)]));
}
