import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Job } from '@spillway/core/job.ts';
import { drawJobs } from '@spillway/simulator/jobs.ts';
import { deadlinePolicy } from '@spillway/simulator/policies/deadline.ts';
import { randomStream } from '@spillway/simulator/random.ts';
import { readScenario } from '@spillway/simulator/read-scenario.ts';
import type { Delay, Scenario } from '@spillway/simulator/scenario.ts';
import { simulate } from '@spillway/simulator/world/simulate.ts';
import { drawPhoto } from './photos.ts';
import { quantile } from './quantile.ts';
import { type BenchStack, between, countByTarget, ended, timings, upload, withStack } from './stack-jobs.ts';

const size = { vms: 2, slots: 1, runMax: 3 } as const;
/**
 * Milliseconds that every job takes. Two slots then do 5 jobs a second, and more arrive. The jobs are cut-outs by name:
 * their objective of 6 s leaves time for a cold start, so a job that spills over is not late.
 */
const sleepMs = 400;
const idleMs = 5_000;
const jobs = 200;
const perSecond = 7;
const singles = 30;
/** Jobs that are dropped at once for the VMs alone. They tell the times of a busy slot. */
const queued = 30;
const seeds = 20;
/** Uploads that the one router of the local stack decides on at a time, by and large. */
const routedAtOnce = 8;

interface Side {
  p50: number;
  p95: number;
  /** Share of the jobs that were done on Cloud Run. */
  onRun: number;
}

export interface BurstReport {
  jobs: number;
  /** Seconds from upload to outcome. */
  live: Side;
  simulated: Side;
  /** Live divided by simulated. */
  ratio: { p50: number; p95: number };
}

/** Times of busy slots, measured while jobs wait. Milliseconds. */
interface Queue {
  /** From the claim to the outcome. */
  service: number[];
  /** From an outcome to the next claim. */
  next: number[];
}

/** The stack's delays, measured with one job after another. Milliseconds. */
interface Delays {
  notice: number[];
  decision: number[];
  /** From the decision to the claim. */
  delivery: number[];
  /** From the claim to the outcome. */
  service: number[];
}

/**
 * Plays the same arrivals on the local stack and in the simulator: a burst of an operation that sleeps, larger than the
 * VMs can do in time. Single jobs calibrate the simulator's scenario first.
 */
export async function burst(options: { json: boolean }): Promise<BurstReport> {
  process.env.SPILLWAY_SLEEP_MS = String(sleepMs);
  process.env.SPILLWAY_RUN_IDLE_MS = String(idleMs);
  const onRun = await withStack(size, measureCloudRun);
  const { onVm, live } = await withStack(size, measureBurst);
  const scenario = calibrated(onVm, onRun.warm, onRun.coldStarts);
  const report = compare(live, scenario);
  console.log(options.json ? JSON.stringify(report, null, 2) : table(report));
  return report;
}

/** Measures pushes and cold starts while the VMs take nothing. */
async function measureCloudRun(bench: BenchStack): Promise<{ warm: Delays; coldStarts: number[] }> {
  const settings = bench.firestore.doc('settings/routing');
  await settings.set({ policy: 'threshold', threshold: { cpu: 0 } }, { merge: true });
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  const bytes = await photo(bench);
  const first = ['cold-1', 'cold-2'];
  await Promise.all(first.map((name) => upload(bench.stack, `remove-background/${name}.jpg`, bytes)));
  const cold = await ended(bench.firestore, 'remove-background/cold-', first.length);
  return { warm: await measureSingles(bench, bytes), coldStarts: cold.map(deliveryMs) };
}

async function measureBurst(bench: BenchStack): Promise<{ onVm: Delays & Queue; live: Job[] }> {
  const bytes = await photo(bench);
  const onVm = { ...(await measureSingles(bench, bytes)), ...(await measureQueue(bench, bytes)) };
  const gaps = randomStream(1, 'arrivals');
  const uploads: Promise<void>[] = [];
  for (let index = 0; index < jobs; index++) {
    await new Promise((resolve) => setTimeout(resolve, gaps.exponential(1_000 / perSecond)));
    uploads.push(upload(bench.stack, `remove-background/burst-${index}.jpg`, bytes));
  }
  await Promise.all(uploads);
  return { onVm, live: await ended(bench.firestore, 'remove-background/burst-', jobs) };
}

async function photo({ directory }: BenchStack): Promise<Buffer> {
  const path = join(directory, 'photo.jpg');
  await drawPhoto(600, 400, 1, path);
  return readFile(path);
}

async function measureSingles(bench: BenchStack, bytes: Buffer): Promise<Delays> {
  const measured: Job[] = [];
  for (let index = 0; index < singles; index++) {
    const name = `remove-background/single-${index}.jpg`;
    await upload(bench.stack, name, bytes);
    measured.push(...(await ended(bench.firestore, name, 1)));
  }
  // The first jobs meet cold connections and code, so they are not counted.
  const warm = measured.slice(5);
  return {
    notice: warm.map((job) => between(job.source.timeCreated, job.createdAt)),
    decision: warm.map((job) => between(job.createdAt, job.route.at)),
    delivery: warm.map(deliveryMs),
    service: warm.map((job) => timings(job).totalMs - timings(job).waitMs),
  };
}

/** Bulk jobs, so that none goes to Cloud Run. */
async function measureQueue({ stack, firestore }: BenchStack, bytes: Buffer): Promise<Queue> {
  const bulk = { 'batch-size': '1000' };
  await Promise.all(
    Array.from({ length: queued }, (_, index) =>
      upload(stack, `remove-background/queued-${index}.jpg`, bytes, bulk),
    ),
  );
  const jobs = await ended(firestore, 'remove-background/queued-', queued);
  const service = jobs.map((job) => timings(job).totalMs - timings(job).waitMs);
  const byWorker = Map.groupBy(jobs, ({ claim }) => claim?.worker);
  const next = [...byWorker.values()].flatMap((own) => {
    const claims = own.map(claimedAt).toSorted((a, b) => a - b);
    const ends = own.map(({ endedAt }) => endedAt?.getTime() ?? 0).toSorted((a, b) => a - b);
    return claims.slice(1).map((at, index) => Math.max(1, at - (ends[index] ?? at)));
  });
  return { service, next };
}

function claimedAt(job: Job): number {
  return job.source.timeCreated.getTime() + timings(job).waitMs;
}

function deliveryMs(job: Job): number {
  return timings(job).waitMs - between(job.source.timeCreated, job.route.at);
}

/** The committed scenario with this stack's size and measured delays. */
function calibrated(onVm: Delays & Queue, onRun: Delays, coldStarts: number[]): Scenario {
  const base = readScenario();
  const measured = (service: number[]) => {
    const { medianMs, sigma } = delayOf(service);
    return { 'remove-background': { fixedMs: medianMs, perMegapixelMs: 0, sigma } };
  };
  const none = { medianMs: 0, sigma: 0 };
  const half = ({ medianMs, sigma }: Delay) => ({ medianMs: medianMs / 2, sigma });
  return {
    ...base,
    // What the services take is in what was measured.
    services: Object.fromEntries(
      Object.keys(base.services).map((name) => [name, none]),
    ) as Scenario['services'],
    vms: {
      ...base.vms,
      besideMs: 0,
      count: size.vms,
      slots: size.slots,
      // Only the sum of the two can be measured from outside.
      publish: half(delayOf(onVm.delivery)),
      pull: half(delayOf(onVm.delivery)),
      service: measured(onVm.service),
    },
    router: {
      ...base.router,
      routers: 1,
      concurrency: routedAtOnce,
      notice: delayOf(onVm.notice),
      decision: delayOf(onVm.decision),
    },
    run: {
      ...base.run,
      besideMs: 0,
      maxInstances: size.runMax,
      push: delayOf(onRun.delivery),
      coldStart: delayOf(coldStarts),
      idleMs,
      service: measured(onRun.service),
    },
    jobs: { ...base.jobs, mix: { 'remove-background': 1 }, owners: 1 },
  };
}

/** A log-normal distribution, given by its median and 90th percentile. */
function delayOf(values: number[]): Delay {
  const medianMs = Math.max(1, quantile(values, 0.5));
  const p90 = Math.max(medianMs, quantile(values, 0.9));
  return { medianMs, sigma: Math.log(p90 / medianMs) / 1.2816 };
}

function compare(live: Job[], scenario: Scenario): BurstReport {
  const start = Math.min(...live.map(({ source }) => source.timeCreated.getTime()));
  const arrivals = live
    .map(({ source }) => (source.timeCreated.getTime() - start) / 1_000)
    .sort((a, b) => a - b);
  // The stack had the same number of warm-ups before its burst, so both have learned the same.
  const warmUps = Array.from({ length: singles }, (_, index) => index);
  const all = [...warmUps, ...arrivals.map((second) => second + singles + 5)];
  const policy = deadlinePolicy(scenario);
  const outcomes = Array.from({ length: seeds }, (_, seed) =>
    simulate(drawJobs(all, scenario, seed), policy, scenario, seed).outcomes.filter(
      ({ index }) => index >= singles,
    ),
  ).flat();
  const simulated = {
    ...quantilesOf(outcomes.map(({ latencyMs }) => latencyMs ?? Number.POSITIVE_INFINITY)),
    onRun: outcomes.filter(({ target }) => target === 'run').length / outcomes.length,
  };
  const measured = {
    ...quantilesOf(live.map((job) => timings(job).totalMs)),
    onRun: (countByTarget(live).run ?? 0) / live.length,
  };
  return {
    jobs: live.length,
    live: measured,
    simulated,
    ratio: { p50: measured.p50 / simulated.p50, p95: measured.p95 / simulated.p95 },
  };
}

/** Converts milliseconds to seconds. */
function quantilesOf(ms: number[]): { p50: number; p95: number } {
  return { p50: quantile(ms, 0.5) / 1_000, p95: quantile(ms, 0.95) / 1_000 };
}

function table({ jobs: count, live, simulated, ratio }: BurstReport): string {
  const row = (name: string, { p50, p95, onRun }: Side) =>
    `${name.padEnd(10)} p50 ${p50.toFixed(2)} s   p95 ${p95.toFixed(2)} s   on Cloud Run ${(100 * onRun).toFixed(0)} %`;
  return [
    `${count} jobs of ${sleepMs} ms, ${perSecond} a second`,
    row('live', live),
    row('simulated', simulated),
    `ratio      p50 ${ratio.p50.toFixed(2)}     p95 ${ratio.p95.toFixed(2)}`,
  ].join('\n');
}
