import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Firestore } from '@google-cloud/firestore';
import { Storage } from '@google-cloud/storage';
import { type Job, jobSchema } from '@spillway/core/job.ts';
import { type Stack, startStack } from '@spillway/emulators/stack.ts';
import { withDates } from '@spillway/pipeline/gcp/documents.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { drawnJpeg } from '../pictures.ts';

let stack: Stack;
let directory: string;
let firestore: Firestore;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'spillway-freezes-'));
  // One instance, which stays, and whose child is replaced after each job: it starts while the instance stands still.
  process.env.SPILLWAY_RECYCLE_AFTER = '1';
  process.env.SPILLWAY_RUN_IDLE_MS = '600000';
  const options = { vms: 0, slots: 1, runMax: 1, likeCloud: true, reset: true, directory };
  stack = await startStack({ ...options, fixedPorts: {}, anyPorts: true }, () => {});
  firestore = new Firestore({ projectId: stack.project, host: stack.firestore, ssl: false });
});
afterAll(async () => {
  delete process.env.SPILLWAY_RECYCLE_AFTER;
  delete process.env.SPILLWAY_RUN_IDLE_MS;
  await firestore?.terminate();
  await stack?.stop();
  await rm(directory, { recursive: true, force: true });
});

async function ended(name: string): Promise<Job | undefined> {
  const { docs } = await firestore.collection('jobs').where('source.name', '==', name).get();
  return docs
    .map((snapshot) => jobSchema.parse(withDates(snapshot.data())))
    .find(({ result, error }) => result !== null || error !== null);
}

/** Beyond what sockets are kept open for without a request, and beyond a child's limit for its start. Seconds. */
const freezes = [0, 7, 70];

it('an instance that stood still for long goes on as if nothing had been', async () => {
  const storage = new Storage({ projectId: stack.project, apiEndpoint: stack.storage });
  const bucket = storage.bucket(stack.buckets.uploads);
  const picture = await drawnJpeg(1, 64, 48);
  const workers = new Set<string | undefined>();
  for (const seconds of [...freezes, 0]) {
    await delay(seconds * 1_000);
    const name = `sketch/after-${seconds}-${Date.now()}.jpg`;
    await bucket.file(name).save(picture, { resumable: false });
    await expect.poll(() => ended(name), { timeout: 60_000 }).toBeDefined();
    expect(await ended(name)).toMatchObject({ state: 'succeeded', attempt: 1, machineFaults: 0 });
    workers.add((await ended(name))?.claim?.worker);
  }
  expect(workers.size).toBe(1);
});
