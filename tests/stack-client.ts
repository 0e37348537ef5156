import { Storage } from '@google-cloud/storage';
import { isTerminal, type Job, jobSchema } from '@spillway/core/job.ts';
import { openDocuments, openMessages } from '@spillway/emulators/testing/open-stack.ts';
import type { TextRange } from '@spillway/emulators/testing/stack-documents.ts';
import type { StackFile } from '@spillway/pipeline/stack-file.ts';
import { expect } from 'vitest';

export type StackClient = ReturnType<typeof clientOf>;

/** What an integrator does with a stack by the plain Cloud Storage client, and a look at what the stack keeps. */
export function clientOf(stack: StackFile) {
  process.env.METADATA_SERVER_DETECTION = 'none';
  const storage = new Storage({ projectId: stack.project, apiEndpoint: stack.storage });
  const documents = openDocuments(stack);
  const messages = openMessages(stack);

  async function jobsWhere(range?: TextRange): Promise<Job[]> {
    return (await documents.jobs(range)).map((fields) => jobSchema.parse(fields));
  }

  const jobsOf = (name: string) => jobsWhere({ field: 'source.name', from: name, to: name });

  async function readResult(name: string): Promise<Buffer> {
    const [bytes] = await storage.bucket(stack.buckets.results).file(name).download();
    return bytes;
  }

  return {
    stack,
    storage,
    documents,
    messages,
    /** Those whose field is within the range. */
    jobsWhere: (range: TextRange) => jobsWhere(range),
    allJobs: () => jobsWhere(),
    jobsOf,
    /** All jobs of objects whose name starts with the prefix. */
    jobsUnder: (prefix: string) => jobsWhere({ field: 'source.name', from: prefix, to: `${prefix}~` }),
    /** The last heartbeats of all VM workers, as they are stored. */
    async vms() {
      return (await documents.list('workers')).filter(({ kind }) => kind === 'vm');
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
    async close(): Promise<void> {
      await Promise.all([documents.close(), messages.close()]);
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
