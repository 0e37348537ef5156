import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Firestore } from '@google-cloud/firestore';
import { Storage } from '@google-cloud/storage';
import { type Job, jobSchema } from '@spillway/core/job.ts';
import { type Stack, startStack } from '@spillway/emulators/stack.ts';
import { withDates } from '@spillway/pipeline/gcp/documents.ts';
import { overviewSchema } from '@spillway/web/api/schema.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { adminTokenOf } from '../admin-token.ts';
import { drawnJpeg } from '../pictures.ts';

const files = 14;
let stack: Stack;
let directory: string;
let firestore: Firestore;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'spillway-refusal-'));
  // Work that takes its time: more than one VM can do within the objective of 6 s.
  process.env.SPILLWAY_SLEEP_MS = '1500';
  const options = { vms: 1, slots: 1, runMax: 0, reset: true, directory, fixedPorts: {}, anyPorts: true };
  stack = await startStack(options, () => {});
  firestore = new Firestore({ projectId: stack.project, host: stack.firestore, ssl: false });
  // The router expects three instances, and the local Cloud Run refuses every push with 429.
  await firestore.doc('settings/routing').set({ run: { maxInstances: 3 } }, { merge: true });
});
afterAll(async () => {
  delete process.env.SPILLWAY_SLEEP_MS;
  await firestore?.terminate();
  await stack?.stop();
  await rm(directory, { recursive: true, force: true });
});

async function jobs(): Promise<Job[]> {
  const { docs } = await firestore.collection('jobs').get();
  return docs.map((snapshot) => jobSchema.parse(withDates(snapshot.data())));
}

async function alerts(): Promise<string[]> {
  const token = adminTokenOf(stack.adminUrl);
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`${stack.web}/api/v1/admin/overview`, { headers });
  return overviewSchema.parse(await response.json()).alerts.map(({ code }) => code);
}

it('a Cloud Run that refuses everything is paused, its work comes back to the VM, and the admin is told', async () => {
  const storage = new Storage({ projectId: stack.project, apiEndpoint: stack.storage });
  const picture = await drawnJpeg(1, 600, 400);
  const drop = (name: string) =>
    storage
      .bucket(stack.buckets.uploads)
      .file(`remove-background/${name}.jpg`)
      .save(picture, { resumable: false });
  let sent = 0;
  // The router keeps the settings of before for some seconds, so it takes a few more than enough.
  const sentToRun = async () => {
    await Promise.all([1, 2].map(() => drop(`picture-${sent++}`)));
    return sent >= files && (await jobs()).some(({ route }) => route.target === 'run');
  };
  await expect.poll(sentToRun, { timeout: 90_000, interval: 500 }).toBe(true);
  await expect.poll(alerts, { timeout: 90_000, interval: 500 }).toContain('run_paused');
  const succeeded = async () => (await jobs()).filter(({ state }) => state === 'succeeded').length;
  await expect.poll(succeeded, { timeout: 120_000, interval: 500 }).toBe(sent);
  const all = await jobs();
  expect(new Set(all.map(({ claim }) => claim?.worker))).toEqual(new Set(['vm-1']));
  expect(all.some(({ route }) => route.movedFrom === 'run')).toBe(true);
}, 360_000);
