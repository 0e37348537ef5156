import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Job } from '@spillway/core/job.ts';
import { drawPhoto } from '../photos.ts';
import { ended, timings, upload, withStack } from '../stack-jobs.ts';
import { Places } from './places.ts';

const slotsPerVm = 4;
const jobsPerSlot = 15;
/** The emulator of Firestore looks at all documents for each query, and a stack with more VMs than this needs more memory. */
const sizes = [4, 8, 16];

interface StackLine {
  slots: number;
  jobMs: number;
  claimsPerSecond: number;
  /** If each slot did one job after another. */
  idealPerSecond: number;
  shareOfIdeal: number;
  overtaking: { mean: number; largest: number; mostLetPass: number };
  /** Jobs that were claimed more than once. */
  claimedAgain: number;
}

/**
 * The same on the local stack with Google's emulators, 8 ms away each way: jobs that sleep, all of which are dropped at
 * once. Rates leave out the beginning and the end. Places count from the drop, so that a job whose route was decided late
 * seems overtaken.
 */
export async function lineOnStack(jobMs: number, only: number[] | null, json: boolean): Promise<void> {
  process.env.SPILLWAY_SLEEP_MS = String(jobMs);
  const lines: StackLine[] = [];
  for (const slots of only ?? sizes) {
    const line = await measure(slots, jobMs);
    lines.push(line);
    if (!json) console.log(sentence(line));
  }
  if (json) console.log(JSON.stringify({ slotsPerVm, lines }, null, 2));
}

async function measure(slots: number, jobMs: number): Promise<StackLine> {
  const size = {
    vms: Math.ceil(slots / slotsPerVm),
    slots: Math.min(slots, slotsPerVm),
    runMax: 0,
    likeCloud: true,
  };
  const jobs = await withStack(size, async ({ stack, firestore, directory }) => {
    const path = join(directory, 'photo.jpg');
    await drawPhoto(600, 400, 1, path);
    const bytes = await readFile(path);
    const count = slots * jobsPerSlot;
    // Bulk, so that none goes to Cloud Run.
    const bulk = { 'batch-size': '1000' };
    await Promise.all(
      Array.from({ length: count }, (_, index) =>
        upload(stack, `remove-background/line-${index}.jpg`, bytes, bulk),
      ),
    );
    return ended(firestore, 'remove-background/line-', count);
  });
  return figuresOf(jobs, slots, jobMs);
}

function figuresOf(jobs: Job[], slots: number, jobMs: number): StackLine {
  const inTurn = jobs.toSorted((a, b) => turnOf(a) - turnOf(b));
  const claims = inTurn
    .map((job, place) => ({ place, at: job.source.timeCreated.getTime() + timings(job).waitMs }))
    .sort((a, b) => a.at - b.at);
  const places = new Places(jobs.length);
  for (const { place } of claims) places.arrive(place);
  for (const { place } of claims) places.claim(place);
  // At first slots wait for jobs that are being decided, and at the end for nothing.
  const busy = claims.slice(2 * slots, -slots);
  const seconds = ((busy.at(-1)?.at ?? 0) - (busy[0]?.at ?? 0)) / 1_000;
  const claimsPerSecond = (busy.length - 1) / seconds;
  const idealPerSecond = slots / (jobMs / 1_000);
  return {
    slots,
    jobMs,
    claimsPerSecond,
    idealPerSecond,
    shareOfIdeal: claimsPerSecond / idealPerSecond,
    overtaking: places.summary(),
    claimedAgain: jobs.filter(({ attempt }) => attempt > 1).length,
  };
}

function turnOf({ route, deadlineAt }: Job): number {
  return (route.turnAt ?? deadlineAt).getTime();
}

function sentence({
  slots,
  jobMs,
  claimsPerSecond,
  shareOfIdeal,
  overtaking,
  claimedAgain,
}: StackLine): string {
  return [
    `${slots} slots, jobs of ${jobMs} ms: ${claimsPerSecond.toFixed(1)} claims a second`,
    `(${(100 * shareOfIdeal).toFixed(0)} % of ideal); overtakes ${overtaking.mean.toFixed(1)} places on average,`,
    `${overtaking.largest} at most; claimed again: ${claimedAgain}.`,
  ].join(' ');
}
