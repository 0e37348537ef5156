import { Firestore, type Query } from '@google-cloud/firestore';
import { Storage } from '@google-cloud/storage';
import { isTerminal, type Job, jobSchema } from '@spillway/core/job.ts';
import { withDates } from '@spillway/pipeline/gcp/documents.ts';
import { expect, inject } from 'vitest';

const stack = inject('stack');
process.env.METADATA_SERVER_DETECTION = 'none';
process.env.FIRESTORE_EMULATOR_HOST = stack.firestore;

/** The plain clients, as an integrator has them. */
export const storage = new Storage({ projectId: stack.project, apiEndpoint: stack.storage });
export const firestore = new Firestore({ projectId: stack.project });

/** Puts bytes into the uploads bucket and returns the object's generation. */
export async function drop(
  name: string,
  bytes: Buffer,
  metadata: Record<string, string> = {},
): Promise<string> {
  const file = storage.bucket(stack.buckets.uploads).file(name);
  await file.save(bytes, { resumable: false, contentType: 'image/jpeg', metadata: { metadata } });
  return String(file.metadata.generation);
}

export function jobsOf(name: string): Promise<Job[]> {
  return jobsMatching(firestore.collection('jobs').where('source.name', '==', name));
}

export async function jobsMatching(query: Query): Promise<Job[]> {
  const { docs } = await query.get();
  return docs.map((snapshot) => jobSchema.parse(withDates(snapshot.data())));
}

/** Waits until that many jobs of the object exist and all have ended. */
export async function endedJobs(name: string, count = 1, withinMs = 30_000): Promise<Job[]> {
  return waitForEnd(() => jobsOf(name), count, withinMs);
}

export async function waitForEnd(
  read: () => Promise<Job[]>,
  count: number,
  withinMs: number,
): Promise<Job[]> {
  const ended = async () => {
    const jobs = await read();
    return jobs.filter(({ state }) => isTerminal(state)).length;
  };
  await expect.poll(ended, { timeout: withinMs, interval: 50 }).toBeGreaterThanOrEqual(count);
  return read();
}

export async function readResult(name: string): Promise<Buffer> {
  const [bytes] = await storage.bucket(stack.buckets.results).file(name).download();
  return bytes;
}

export async function readResultJson(name: string): Promise<unknown> {
  return JSON.parse((await readResult(name)).toString('utf8'));
}
