import { setTimeout as delay } from 'node:timers/promises';
import { usageOfTree } from '../process-tree.ts';
import { median } from '../quantile.ts';
import type { Product } from './product.ts';
import { createUploader } from './uploader.ts';

const lookEveryMs = 25;
const lanes = 8;
const rounds = 3;

export interface Throughput {
  /** Jobs that were uploaded and had not ended, at any time of a round. */
  queued: number;
  jobs: number;
  /** Of each round. */
  jobsPerSecond: number[];
  /** Processor milliseconds of all processes, without those that upload and look. Of each round. */
  cpuMsPerJob: number[];
  /** Medians. */
  median: { jobsPerSecond: number; cpuMsPerJob: number };
}

/**
 * Uploads pictures and keeps so many of them open, until `jobs` of them have ended: from a client's upload to the stored
 * receipt and the recorded outcome. Those that wait are not counted before the first round.
 */
export async function throughputAt(
  product: Product,
  queued: number,
  { name, bytes, jobs }: { name: string; bytes: Buffer; jobs: number },
): Promise<Throughput> {
  const uploader = createUploader(product);
  const { sums } = product.ports;
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
      ended = await sums.succeededSince('vm', since);
    }
  }

  const sending = Promise.all(Array.from({ length: lanes }, lane));
  // Until the line is as long as it has to be, and the programs are warm.
  while (sent < queued) await delay(lookEveryMs);
  await untilEnded(Math.min(jobs, 500));
  const report: Omit<Throughput, 'median'> = { queued, jobs, jobsPerSecond: [], cpuMsPerJob: [] };
  for (let round = 0; round < rounds; round++) {
    const [from, before] = [ended, await usageOfTree(product.pid)];
    const startedAt = performance.now();
    await untilEnded(from + jobs);
    const after = await usageOfTree(product.pid);
    const done = ended - from;
    report.jobsPerSecond.push((done * 1_000) / (performance.now() - startedAt));
    report.cpuMsPerJob.push(((after.cpuSeconds - before.cpuSeconds) * 1_000) / done);
  }
  goal = sent;
  await sending;
  uploader.close();
  await untilEnded(sent);
  return {
    ...report,
    median: { jobsPerSecond: median(report.jobsPerSecond), cpuMsPerJob: median(report.cpuMsPerJob) },
  };
}
