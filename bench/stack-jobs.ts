import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Firestore } from '@google-cloud/firestore';
import { Storage } from '@google-cloud/storage';
import { isTerminal, type Job, jobSchema } from '@spillway/core/job.ts';
import { type GoogleStack, startStack } from '@spillway/emulators/stack.ts';
import type { StackOptions } from '@spillway/emulators/stack-options.ts';
import { withDates } from '@spillway/pipeline/gcp/documents.ts';

const pollMs = 100;

/** A stack for one benchmark, with free ports and data of its own. */
export interface BenchStack {
  stack: GoogleStack;
  firestore: Firestore;
  /** A folder that is empty at first and is removed with the stack. */
  directory: string;
  /** Seconds from the command until everything answers. */
  readySeconds: number;
}

/** Starts a stack, calls `measure` with it, and removes everything afterwards. */
export async function withStack<Report>(
  size: Pick<StackOptions, 'vms' | 'slots' | 'runMax' | 'likeCloud' | 'environment' | 'operations'>,
  measure: (bench: BenchStack) => Promise<Report>,
): Promise<Report> {
  const directory = await mkdtemp(join(tmpdir(), 'spillway-bench-'));
  const startedAt = performance.now();
  const stack = await startStack(
    { ...size, engine: 'google', reset: true, directory, fixedPorts: {}, anyPorts: true },
    () => {},
  );
  const readySeconds = (performance.now() - startedAt) / 1_000;
  const firestore = new Firestore({ projectId: stack.project, host: stack.firestore, ssl: false });
  try {
    return await measure({ stack, firestore, directory, readySeconds });
  } finally {
    await firestore.terminate();
    await stack.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

export async function upload(
  stack: GoogleStack,
  name: string,
  bytes: Buffer,
  metadata: Record<string, string> = {},
): Promise<void> {
  const storage = new Storage({ projectId: stack.project, apiEndpoint: stack.storage });
  await storage
    .bucket(stack.buckets.uploads)
    .file(name)
    .save(bytes, { resumable: false, metadata: { metadata } });
}

/** All jobs of objects whose name starts with `prefix`. */
export async function jobsUnder(firestore: Firestore, prefix: string): Promise<Job[]> {
  const jobs = firestore.collection('jobs');
  const query = jobs.where('source.name', '>=', prefix).where('source.name', '<=', `${prefix}~`);
  const { docs } = await query.get();
  return docs.map((snapshot) => jobSchema.parse(withDates(snapshot.data())));
}

/** Waits until that many jobs of objects whose name starts with `prefix` have ended. */
export async function ended(firestore: Firestore, prefix: string, count: number): Promise<Job[]> {
  for (;;) {
    const jobs = await jobsUnder(firestore, prefix);
    if (jobs.filter(({ state }) => isTerminal(state)).length >= count) return jobs;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

export function timings(job: Job): NonNullable<Job['timings']> {
  if (!job.timings) throw new Error(`Job ${job.id} ended ${job.state}: ${job.error?.message}`);
  return job.timings;
}

/** Milliseconds. */
export function between(from: Date, to: Date): number {
  return to.getTime() - from.getTime();
}

export function countByTarget(jobs: Job[]): Record<string, number> {
  const byTarget: Record<string, number> = {};
  for (const { route } of jobs) byTarget[route.target] = (byTarget[route.target] ?? 0) + 1;
  return byTarget;
}
