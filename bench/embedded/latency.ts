import { setTimeout as delay } from 'node:timers/promises';
import type { Job } from '@spillway/core/job.ts';
import { quantile } from '../quantile.ts';
import type { Product } from './product.ts';
import { createUploader } from './uploader.ts';

const warmUps = 5;
const lookEveryMs = 5;

export interface Latency {
  jobs: number;
  /** Milliseconds from the object's `timeCreated` to the recorded outcome, without the operation. */
  overheadMs: { p50: number; p95: number };
  operationMs: { p50: number; p95: number };
}

/** One job after the other on a product that has nothing else to do. */
export async function latencyOf(
  product: Product,
  { name, bytes, jobs }: { name: string; bytes: Buffer; jobs: number },
): Promise<Latency> {
  const uploader = createUploader(product);
  const timings: NonNullable<Job['timings']>[] = [];
  for (let index = 0; index < warmUps + jobs; index++) {
    const since = new Date();
    await uploader.upload(`${name}-${index}.jpg`, bytes);
    while ((await product.ports.sums.succeededSince('vm', since)) === 0) await delay(lookEveryMs);
    const [job] = (await product.ports.feed.find({}, 1, null)).jobs;
    if (index >= warmUps && job?.timings) timings.push(job.timings);
  }
  uploader.close();
  const overheads = timings.map(({ totalMs, processMs }) => totalMs - processMs);
  const operations = timings.map(({ processMs }) => processMs);
  return { jobs: timings.length, overheadMs: spread(overheads), operationMs: spread(operations) };
}

function spread(values: number[]): { p50: number; p95: number } {
  return { p50: quantile(values, 0.5), p95: quantile(values, 0.95) };
}
