import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Firestore } from '@google-cloud/firestore';
import type { Job } from '@spillway/core/job.ts';
import type { GoogleStack } from '@spillway/emulators/stack.ts';
import { type MixedBurst, mixedBurst } from './mixed-burst.ts';
import { drawPhoto } from './photos.ts';
import { type Usage, usageOfTree } from './process-tree.ts';
import { quantile } from './quantile.ts';
import { type BenchStack, between, countByTarget, ended, timings, upload, withStack } from './stack-jobs.ts';
import { type BurstFigures, type TelemetryCost, telemetryCost } from './telemetry-cost.ts';

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

/** The same on a stack that is started with --like-cloud, and a burst there. */
interface BothReports {
  plain: PipelineReport;
  likeCloud: PipelineReport;
  mixedBurst: MixedBurst;
}

/** Runs a stack of its own, and reads the timings of its jobs; with `likeCloud` another one beside it. */
export async function pipeline({ json, likeCloud }: { json: boolean; likeCloud: boolean }): Promise<void> {
  const plain = await measure({ likeCloud: false });
  if (!likeCloud) {
    const telemetry = await telemetryCost(burstOf);
    const report = { ...plain, telemetry };
    console.log(
      json ? JSON.stringify(report, null, 2) : `${table([rowsOf(plain)])}\n\n${tableOfTelemetry(telemetry)}`,
    );
    return;
  }
  const both = { plain, likeCloud: await measure({ likeCloud: true }), mixedBurst: await mixedBurst() };
  console.log(json ? JSON.stringify(both, null, 2) : tableOfBoth(both));
}

function measure(mode: { likeCloud: boolean }): Promise<PipelineReport> {
  return withStack({ vms: 2, slots: 1, runMax: 3, ...mode }, async (bench) => {
    const { stack, firestore, directory, readySeconds } = bench;
    const bytes = await photoIn(directory);
    return {
      readySeconds,
      idle: await measureIdle(stack, firestore, bytes),
      burst: await measureBurst(stack, firestore, bytes),
      memoryMib: await memoryOf(stack),
    };
  });
}

async function measureIdle(
  stack: GoogleStack,
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
  stack: GoogleStack,
  firestore: Firestore,
  bytes: Buffer,
): Promise<PipelineReport['burst']> {
  const { jobs, seconds, cpuSeconds } = await sendBurst(stack, firestore, bytes, 'burst');
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

/** Uploads pictures at once, and waits until all their jobs have ended. */
async function sendBurst(stack: GoogleStack, firestore: Firestore, bytes: Buffer, name: string) {
  const before = await usageOf(stack);
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: burst }, (_, index) => upload(stack, `sketch/${name}-${index}.jpg`, bytes)),
  );
  const jobs = await ended(firestore, `sketch/${name}-`, burst);
  const seconds = (performance.now() - startedAt) / 1_000;
  return { jobs, seconds, cpuSeconds: (await usageOf(stack)).cpuSeconds - before.cpuSeconds };
}

/** The burst above, to compare stacks by. */
async function burstOf({ stack, firestore, directory }: BenchStack, round: number): Promise<BurstFigures> {
  const bytes = await photoIn(directory);
  const { seconds, cpuSeconds } = await sendBurst(stack, firestore, bytes, `round-${round}`);
  return { jobsPerSecond: burst / seconds, cpuMsPerJob: (cpuSeconds * 1_000) / burst };
}

async function photoIn(directory: string): Promise<Buffer> {
  const path = join(directory, 'photo.jpg');
  await drawPhoto(photo.width, photo.height, photo.seed, path);
  return readFile(path);
}

async function usageOf(stack: GoogleStack): Promise<Usage> {
  const usages = await Promise.all(partsOf(stack).map(([, pid]) => usageOfTree(pid)));
  return {
    cpuSeconds: usages.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    rssBytes: usages.reduce((sum, { rssBytes }) => sum + rssBytes, 0),
  };
}

async function memoryOf(stack: GoogleStack): Promise<Record<string, number>> {
  const parts = partsOf(stack).map(async ([name, pid]) => {
    const { rssBytes } = await usageOfTree(pid);
    return [name, Math.round(rssBytes / 1_048_576)];
  });
  return Object.fromEntries(await Promise.all(parts));
}

/** All parts except the launcher, which is this benchmark. */
function partsOf(stack: GoogleStack): [string, number][] {
  return Object.entries(stack.pids).filter(([name]) => name !== 'launcher');
}

function median(jobs: Job[], value: (job: Job) => number): number {
  return quantile(jobs.map(value), 0.5);
}

function spread(values: number[]): Spread {
  return { p50: quantile(values, 0.5), p95: quantile(values, 0.95) };
}

type Row = [label: string, value: string];

function rowsOf({ readySeconds, idle, burst: many, memoryMib }: PipelineReport): Row[] {
  return [
    ['Start to ready', `${readySeconds.toFixed(1)} s`],
    [
      `Upload to result less the operation, idle, ${idle.jobs} jobs`,
      `p50 ${idle.overheadMs.p50} ms, p95 ${idle.overheadMs.p95} ms`,
    ],
    ...Object.entries(idle.parts).map(([part, ms]): Row => [`  ${part}`, `${ms} ms`]),
    ['The operation', `p50 ${idle.operationMs.p50} ms, p95 ${idle.operationMs.p95} ms`],
    [`${many.jobs} at once`, `${many.succeeded} succeeded in ${many.seconds.toFixed(1)} s`],
    ['  jobs per second', many.jobsPerSecond.toFixed(1)],
    ['  by side', JSON.stringify(many.byTarget)],
    ['  processor per job outside the operation', `${many.cpuPerJobMs.toFixed(0)} ms`],
    ['  the operation, wall clock per job', `${many.operationMsPerJob.toFixed(0)} ms`],
    ...Object.entries(memoryMib).map(([part, mib]): Row => [`Memory of ${part}`, `${mib} MiB`]),
  ];
}

function tableOfBoth({ plain, likeCloud, mixedBurst: burst }: BothReports): string {
  const columns = table([
    [['', 'plain'], ...rowsOf(plain)],
    [['', '--like-cloud'], ...rowsOf(likeCloud)],
  ]);
  const { jobs, succeeded, attemptsAgain, pushesAgain, opened, seconds, byTarget, p50, p95 } = burst;
  return `${columns}

100 sketches and 20 captions at once with --like-cloud, 2 VMs of 2 slots, up to 6 instances
  ${succeeded} of ${jobs} succeeded in ${seconds.toFixed(1)} s, p50 ${p50.toFixed(1)} s, p95 ${p95.toFixed(1)} s
  by side ${JSON.stringify(byTarget)}
  attempts again: ${attemptsAgain}, pushes again: ${pushesAgain}, breakers that opened: ${opened.join(', ') || 'none'}`;
}

function tableOfTelemetry({ pairs, throughput, cpu, exported }: TelemetryCost): string {
  // With the burst that is not counted.
  const jobs = burst * (pairs.length + 1);
  const ratio = ({ p25, p50, p75 }: TelemetryCost['cpu']) =>
    `${p50.toFixed(3)} (quartiles ${p25.toFixed(3)} to ${p75.toFixed(3)})`;
  return `Traces of all jobs and metrics to a collector, by none: ${pairs.length} pairs of ${burst} jobs in turns
  jobs per second   ${ratio(throughput)}
  processor per job ${ratio(cpu)}
  off ${pairs.map(({ off }) => off.jobsPerSecond.toFixed(1)).join(' ')} jobs/s, on ${pairs.map(({ on }) => on.jobsPerSecond.toFixed(1)).join(' ')} jobs/s
  the collector got ${exported.requests} requests, ${Math.round(exported.bytes / jobs)} bytes per job`;
}

/** Reports beside each other. A part that only one of them has is empty in the other. */
function table(reports: Row[][]): string {
  const labels = [...new Set(reports.flatMap((rows) => rows.map(([label]) => label)))];
  const lines = labels.map((label) => [
    label,
    ...reports.map((rows) => rows.find(([each]) => each === label)?.[1] ?? ''),
  ]);
  const widths =
    lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? [];
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
