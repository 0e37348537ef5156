import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Firestore } from '@google-cloud/firestore';
import type { Job } from '@spillway/core/job.ts';
import { drawPhoto } from './photos.ts';
import { quantile } from './quantile.ts';
import { type BenchStack, ended, jobsUnder, timings, upload, withStack } from './stack-jobs.ts';

/** Milliseconds each way to Firestore, Pub/Sub and storage. */
const near = 0;
const far = 8;
const rounds = 3;
const sketches = 60;
/** Those that find an empty worker, and those behind which nothing waits. */
const [first, last] = [10, 6];
/** Four megapixels. */
const photo = { width: 2_400, height: 1_666, seed: 3 };
const slots = 2;
const vm = 'vm-1';

/** One line of sketches, worked off by one VM. */
interface Round {
  delayMs: number;
  sketchesPerSecond: number;
  /** Medians, in milliseconds. */
  operationMs: number;
  ioMs: number;
  slotWaitMs: number;
  /** Share of the time in which a slot worked. */
  busy: number;
}

export interface DistanceReport {
  rounds: Round[];
  near: number;
  far: number;
  ratio: number;
}

/**
 * Sketches a second on one VM of two slots beside everything that it needs, and some milliseconds away, in turns on one
 * stack. The line is full before the VM begins, so that routing takes no part of the time.
 */
export async function distance({ json }: { json: boolean }): Promise<DistanceReport> {
  const report = await withStack({ vms: 1, slots, runMax: 0, likeCloud: true }, async (bench) => {
    const path = join(bench.directory, 'photo.jpg');
    await drawPhoto(photo.width, photo.height, photo.seed, path);
    const bytes = await readFile(path);
    await workOff(bench, bytes, 'warm-up', near);
    const measured: Round[] = [];
    for (let round = 0; round < rounds; round++) {
      for (const delayMs of [near, far]) {
        measured.push(await workOff(bench, bytes, `round-${round}-${delayMs}`, delayMs));
      }
    }
    const rateOf = (delayMs: number) =>
      quantile(
        measured.filter((each) => each.delayMs === delayMs).map(({ sketchesPerSecond }) => sketchesPerSecond),
        0.5,
      );
    return { rounds: measured, near: rateOf(near), far: rateOf(far), ratio: rateOf(far) / rateOf(near) };
  });
  if (json) console.log(JSON.stringify(report, null, 2));
  else print(report);
  return report;
}

async function workOff(
  { stack, firestore }: BenchStack,
  bytes: Buffer,
  name: string,
  delayMs: number,
): Promise<Round> {
  const { relays } = stack;
  for (const relay of Object.values(relays)) relay.slow(0);
  await setDrain(firestore, true);
  const prefix = `sketch/${name}-`;
  const uploads = Array.from({ length: sketches }, (_, index) =>
    upload(stack, `${prefix}${index}.jpg`, bytes),
  );
  await Promise.all(uploads);
  await waitFor(async () => {
    const jobs = await jobsUnder(firestore, prefix);
    return jobs.filter(({ publishedAt }) => publishedAt !== null).length === sketches;
  });
  for (const relay of Object.values(relays)) relay.slow(delayMs);
  await setDrain(firestore, false);
  return roundOf(await ended(firestore, prefix, sketches), delayMs);
}

function roundOf(jobs: Job[], delayMs: number): Round {
  const inOrder = jobs.toSorted((a, b) => endOf(a) - endOf(b));
  const counted = inOrder.slice(first, -last);
  const spanMs = endOf(counted.at(-1) as Job) - endOf(inOrder[first - 1] as Job);
  const median = (value: (job: Job) => number) => quantile(counted.map(value), 0.5);
  const workedMs = counted.reduce((sum, job) => sum + timings(job).processMs, 0);
  return {
    delayMs,
    sketchesPerSecond: (counted.length * 1_000) / spanMs,
    operationMs: median((job) => timings(job).processMs),
    ioMs: median((job) => timings(job).downloadMs + timings(job).storeMs),
    slotWaitMs: median((job) => timings(job).slotWaitMs),
    busy: workedMs / (slots * spanMs),
  };
}

function endOf({ endedAt }: Job): number {
  return endedAt?.getTime() ?? Number.NaN;
}

/** The VM hears of it with its next heartbeat. */
async function setDrain(firestore: Firestore, drain: boolean): Promise<void> {
  await firestore.doc(`controls/${vm}`).set({ drain }, { merge: true });
  const state = drain ? 'drained' : 'ready';
  await waitFor(async () => (await firestore.doc(`workers/${vm}`).get()).get('state') === state);
}

async function waitFor(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 100));
}

function print({ rounds: measured, near: beside, far: away, ratio }: DistanceReport): void {
  console.log(
    `Sketches of 4 megapixels on one VM of ${slots} slots, ${rounds} rounds of ${sketches} in turns`,
  );
  console.table(
    measured.map(({ delayMs, sketchesPerSecond, operationMs, ioMs, slotWaitMs, busy }) => ({
      'each way, ms': delayMs,
      'a second': sketchesPerSecond.toFixed(2),
      'operation, ms': Math.round(operationMs),
      'download and store, ms': Math.round(ioMs),
      'wait for a slot, ms': Math.round(slotWaitMs),
      'slots busy': busy.toFixed(2),
    })),
  );
  console.log(
    `medians: ${beside.toFixed(2)} a second beside everything, ${away.toFixed(2)} ${far} ms away: ${(100 * ratio).toFixed(0)} %`,
  );
}
