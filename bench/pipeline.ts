import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Firestore } from '@google-cloud/firestore';
import type { Job } from '@spillway/core/job.ts';
import type { Stack } from '@spillway/emulators/stack.ts';
import { drawPhoto } from './photos.ts';
import { type Usage, usageOfTree } from './process-tree.ts';
import { quantile } from './quantile.ts';
import { between, countByTarget, ended, timings, upload, withStack } from './stack-jobs.ts';

const singles = 40;
const warmUps = 5;
const burst = 100;
/** One megapixel. */
const photo = { width: 1_200, height: 833, seed: 3 };

/** Milliseconds. */
interface Spread {
  p50: number;
  p95: number;
}

export interface PipelineReport {
  /** Seconds from the command until everything answers, with and without a site that is already built. */
  readySeconds: number;
  idle: {
    jobs: number;
    /** From the object's `timeCreated` to the recorded outcome, without the operation. */
    overheadMs: Spread;
    /** Medians of the parts of the overhead. */
    parts: Record<string, number>;
    operationMs: Spread;
  };
  burst: {
    jobs: number;
    succeeded: number;
    seconds: number;
    jobsPerSecond: number;
    byTarget: Record<string, number>;
    /** Processor milliseconds per job of everything but the operation itself. */
    cpuPerJobMs: number;
    operationMsPerJob: number;
  };
  /** Resident memory of each part with its children after the burst, in MiB. */
  memoryMib: Record<string, number>;
}

/** Runs a stack of its own, and reads the timings of its jobs. */
export async function pipeline(options: { json: boolean }): Promise<PipelineReport> {
  const report = await withStack({ vms: 2, slots: 1, runMax: 3 }, async (bench) => {
    const { stack, firestore, directory, readySeconds } = bench;
    const path = join(directory, 'photo.jpg');
    await drawPhoto(photo.width, photo.height, photo.seed, path);
    const bytes = await readFile(path);
    return {
      readySeconds,
      idle: await measureIdle(stack, firestore, bytes),
      burst: await measureBurst(stack, firestore, bytes),
      memoryMib: await memoryOf(stack),
    };
  });
  console.log(options.json ? JSON.stringify(report, null, 2) : table(report));
  return report;
}

async function measureIdle(
  stack: Stack,
  firestore: Firestore,
  bytes: Buffer,
): Promise<PipelineReport['idle']> {
  const jobs: Job[] = [];
  for (let index = 0; index < warmUps + singles; index++) {
    const name = `sketch/single-${index}.jpg`;
    await upload(stack, name, bytes);
    const [job] = await ended(firestore, name, 1);
    if (job && index >= warmUps) jobs.push(job);
  }
  const overheads = jobs.map((job) => timings(job).totalMs - timings(job).processMs);
  return {
    jobs: jobs.length,
    overheadMs: spread(overheads),
    parts: {
      'event to the router (notification, push, functions-framework)': median(jobs, (job) =>
        between(job.source.timeCreated, job.createdAt),
      ),
      'routing (reserve, count, decide, update)': median(jobs, (job) => between(job.createdAt, job.route.at)),
      'publish, pull, claim': median(
        jobs,
        (job) => timings(job).waitMs - between(job.source.timeCreated, job.route.at),
      ),
      download: median(jobs, (job) => timings(job).downloadMs),
      'result and receipt, less the operation': median(
        jobs,
        (job) =>
          timings(job).totalMs - timings(job).waitMs - timings(job).downloadMs - timings(job).processMs,
      ),
    },
    operationMs: spread(jobs.map((job) => timings(job).processMs)),
  };
}

async function measureBurst(
  stack: Stack,
  firestore: Firestore,
  bytes: Buffer,
): Promise<PipelineReport['burst']> {
  const before = await usageOf(stack);
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: burst }, (_, index) => upload(stack, `sketch/burst-${index}.jpg`, bytes)),
  );
  const jobs = await ended(firestore, 'sketch/burst-', burst);
  const seconds = (performance.now() - startedAt) / 1_000;
  const cpuSeconds = (await usageOf(stack)).cpuSeconds - before.cpuSeconds;
  const succeeded = jobs.filter(({ state }) => state === 'succeeded');
  const operationMs = succeeded.reduce((sum, job) => sum + timings(job).processMs, 0);
  return {
    jobs: jobs.length,
    succeeded: succeeded.length,
    seconds,
    jobsPerSecond: burst / seconds,
    byTarget: countByTarget(jobs),
    cpuPerJobMs: (cpuSeconds * 1_000 - operationMs) / burst,
    operationMsPerJob: operationMs / burst,
  };
}

async function usageOf(stack: Stack): Promise<Usage> {
  const usages = await Promise.all(partsOf(stack).map(([, pid]) => usageOfTree(pid)));
  return {
    cpuSeconds: usages.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    rssBytes: usages.reduce((sum, { rssBytes }) => sum + rssBytes, 0),
  };
}

async function memoryOf(stack: Stack): Promise<Record<string, number>> {
  const parts = partsOf(stack).map(async ([name, pid]) => {
    const { rssBytes } = await usageOfTree(pid);
    return [name, Math.round(rssBytes / 1_048_576)];
  });
  return Object.fromEntries(await Promise.all(parts));
}

/** All parts except the launcher, which is this benchmark. */
function partsOf(stack: Stack): [string, number][] {
  return Object.entries(stack.pids).filter(([name]) => name !== 'launcher');
}

function median(jobs: Job[], value: (job: Job) => number): number {
  return quantile(jobs.map(value), 0.5);
}

function spread(values: number[]): Spread {
  return { p50: quantile(values, 0.5), p95: quantile(values, 0.95) };
}

function table({ readySeconds, idle, burst: many, memoryMib }: PipelineReport): string {
  const rows: [string, string][] = [
    ['Start to ready', `${readySeconds.toFixed(1)} s`],
    [
      `Upload to result less the operation, idle, ${idle.jobs} jobs`,
      `p50 ${idle.overheadMs.p50} ms, p95 ${idle.overheadMs.p95} ms`,
    ],
    ...Object.entries(idle.parts).map(([part, ms]): [string, string] => [`  ${part}`, `${ms} ms`]),
    ['The operation', `p50 ${idle.operationMs.p50} ms, p95 ${idle.operationMs.p95} ms`],
    [`${many.jobs} at once`, `${many.succeeded} succeeded in ${many.seconds.toFixed(1)} s`],
    ['  jobs per second', many.jobsPerSecond.toFixed(1)],
    ['  by side', JSON.stringify(many.byTarget)],
    ['  processor per job outside the operation', `${many.cpuPerJobMs.toFixed(0)} ms`],
    ['  the operation, wall clock per job', `${many.operationMsPerJob.toFixed(0)} ms`],
    ...Object.entries(memoryMib).map(([part, mib]): [string, string] => [`Memory of ${part}`, `${mib} MiB`]),
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, value]) => `${label.padEnd(width)}  ${value}`).join('\n');
}
