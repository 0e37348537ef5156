import { Firestore, type Query } from '@google-cloud/firestore';
import { Storage } from '@google-cloud/storage';
import { isTerminal, type Job, jobSchema } from '@spillway/core/job.ts';
import { withDates } from '@spillway/pipeline/gcp/documents.ts';
import type { StackFile } from '@spillway/pipeline/stack-file.ts';
import { expect } from 'vitest';

export type StackClient = ReturnType<typeof clientOf>;

/** What an integrator does with a stack, by the plain clients. */
export function clientOf(stack: StackFile) {
  process.env.METADATA_SERVER_DETECTION = 'none';
  const storage = new Storage({ projectId: stack.project, apiEndpoint: stack.storage });
  const firestore = new Firestore({ projectId: stack.project, host: stack.firestore, ssl: false });

  async function jobsMatching(query: Query): Promise<Job[]> {
    const { docs } = await query.get();
    return docs.map((snapshot) => jobSchema.parse(withDates(snapshot.data())));
  }

  function jobsOf(name: string): Promise<Job[]> {
    return jobsMatching(firestore.collection('jobs').where('source.name', '==', name));
  }

  async function readResult(name: string): Promise<Buffer> {
    const [bytes] = await storage.bucket(stack.buckets.results).file(name).download();
    return bytes;
  }

  return {
    stack,
    storage,
    firestore,
    jobsMatching,
    jobsOf,
    /** All jobs of objects whose name starts with the prefix. */
    jobsUnder(prefix: string): Promise<Job[]> {
      const jobs = firestore.collection('jobs');
      return jobsMatching(jobs.where('source.name', '>=', prefix).where('source.name', '<=', `${prefix}~`));
    },
    readResult,
    /** Puts bytes into the uploads bucket and returns the object's generation. */
    async drop(name: string, bytes: Buffer, metadata: Record<string, string> = {}): Promise<string> {
      const file = storage.bucket(stack.buckets.uploads).file(name);
      await file.save(bytes, { resumable: false, contentType: 'image/jpeg', metadata: { metadata } });
      return String(file.metadata.generation);
    },
    /** Waits until that many jobs of the object exist and all have ended. */
    endedJobs(name: string, count = 1, withinMs = 60_000): Promise<Job[]> {
      return waitForEnd(() => jobsOf(name), count, withinMs);
    },
    async readResultJson(name: string): Promise<unknown> {
      return JSON.parse((await readResult(name)).toString('utf8'));
    },
  };
}

/** Waits until that many of the jobs have ended. */
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
