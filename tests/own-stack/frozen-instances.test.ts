import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Firestore } from '@google-cloud/firestore';
import { Storage } from '@google-cloud/storage';
import { type Job, jobSchema } from '@spillway/core/job.ts';
import { descendants } from '@spillway/emulators/processes.ts';
import { type Stack, startStack } from '@spillway/emulators/stack.ts';
import { withDates } from '@spillway/pipeline/gcp/documents.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { drawnJpeg } from '../pictures.ts';

const count = 200;
let stack: Stack;
let directory: string;
let firestore: Firestore;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'spillway-frozen-'));
  const options = { vms: 0, slots: 1, runMax: 2, likeCloud: true, reset: true, directory };
  stack = await startStack({ ...options, fixedPorts: {}, anyPorts: true }, () => {});
  firestore = new Firestore({ projectId: stack.project, host: stack.firestore, ssl: false });
});
afterAll(async () => {
  await firestore?.terminate();
  await stack?.stop();
  await rm(directory, { recursive: true, force: true });
});

async function jobs(): Promise<Job[]> {
  const { docs } = await firestore.collection('jobs').get();
  return docs.map((snapshot) => jobSchema.parse(withDates(snapshot.data())));
}

/** Whether there are instances, and all their processes stand still. The shells that guard them do not. */
async function allStandStill(): Promise<boolean> {
  const pids = descendants(stack.pids['cloud-run'] ?? 0);
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')));
  const states = stats.flatMap((stat) => /\((?!sh\)).*\) (\w)/.exec(stat)?.[1] ?? []);
  return states.length >= 2 && states.every((state) => state === 'T');
}

it('jobs go through instances that stand still between requests: none fails for it, none is tried twice', async () => {
  const bucket = new Storage({ projectId: stack.project, apiEndpoint: stack.storage }).bucket(
    stack.buckets.uploads,
  );
  const picture = await drawnJpeg(1, 64, 48);
  const drop = (index: number) => bucket.file(`sketch/${index}.jpg`).save(picture, { resumable: false });
  const ended = async () => (await jobs()).filter(({ state }) => state === 'succeeded').length;

  // One by one at first, so that instances surely stand still in between.
  for (let index = 0; index < 10; index++) {
    await drop(index);
    await expect.poll(ended, { interval: 50 }).toBe(index + 1);
    if (process.platform === 'linux') await expect.poll(allStandStill, { interval: 50 }).toBe(true);
  }
  for (let index = 10; index < count; index += 10) {
    await Promise.all(Array.from({ length: 10 }, (_, offset) => drop(index + offset)));
  }
  await expect.poll(ended, { timeout: 150_000, interval: 500 }).toBe(count);
  const all = await jobs();
  expect(all.filter(({ attempt }) => attempt !== 1)).toEqual([]);
  expect(new Set(all.map(({ route }) => route.target))).toEqual(new Set(['run']));
  // Instances have names of their own, although each believes to be on `localhost`.
  const workers = new Set(all.map(({ claim }) => claim?.worker));
  expect([...workers]).toEqual(
    [...workers].map(() => expect.stringMatching(/^spillway-worker-00001-abc-\w{12}$/)),
  );
  expect(workers.size).toBeGreaterThan(1);
}, 300_000);
