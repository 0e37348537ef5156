import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Firestore } from '@google-cloud/firestore';
import { Storage } from '@google-cloud/storage';
import { type Job, jobSchema } from '@spillway/core/job.ts';
import { type Stack, startStack } from '@spillway/emulators/stack.ts';
import { withDates } from '@spillway/pipeline/gcp/documents.ts';
import { readStackFile } from '@spillway/pipeline/stack-file.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawnJpeg } from '../pictures.ts';

let stack: Stack;
let directory: string;
let firestore: Firestore;
const said: string[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'spillway-lost-'));
  const options = { vms: 2, slots: 1, runMax: 2, reset: true, directory, fixedPorts: {}, anyPorts: true };
  stack = await startStack(options, (line) => said.push(line));
  firestore = new Firestore({ projectId: stack.project, host: stack.firestore, ssl: false });
});
afterAll(async () => {
  await firestore?.terminate();
  await stack?.stop();
  await rm(directory, { recursive: true, force: true });
});

async function dropMany(folder: string, count: number): Promise<void> {
  const storage = new Storage({ projectId: stack.project, apiEndpoint: stack.storage });
  const bucket = storage.bucket(stack.buckets.uploads);
  const picture = await drawnJpeg(1, 1_200, 900);
  const names = Array.from({ length: count }, (_, index) => `sketch/${folder}/${index}.jpg`);
  await Promise.all(names.map((name) => bucket.file(name).save(picture, { resumable: false })));
}

async function jobsIn(folder: string): Promise<Job[]> {
  const { docs } = await firestore.collection('jobs').get();
  const jobs = docs.map((snapshot) => jobSchema.parse(withDates(snapshot.data())));
  return jobs.filter(({ source }) => source.name.startsWith(`sketch/${folder}/`));
}

async function allSucceeded(folder: string, count: number): Promise<Job[]> {
  const succeeded = async () => (await jobsIn(folder)).filter(({ state }) => state === 'succeeded').length;
  await expect.poll(succeeded, { timeout: 120_000, interval: 200 }).toBe(count);
  return jobsIn(folder);
}

describe('workers that are lost', () => {
  it('cost no job: one that is killed in the middle is restarted, and its work is done', async () => {
    const pid = stack.pids['vm-1'] ?? 0;
    await dropMany('killed', 12);
    const claimedByFirst = async () => (await jobsIn('killed')).some(({ claim }) => claim?.worker === 'vm-1');
    await expect.poll(claimedByFirst, { timeout: 60_000, interval: 20 }).toBe(true);
    process.kill(pid, 'SIGKILL');
    await allSucceeded('killed', 12);
    await expect.poll(() => said.join('\n')).toContain('vm-1 is back.');
    const pidOnFile = async () => (await readStackFile(directory))?.pids['vm-1'] ?? pid;
    await expect.poll(pidOnFile).not.toBe(pid);
  });

  it('cost no upload when it is the emulators that are killed, with all that they hold', async () => {
    const storage = new Storage({ projectId: stack.project, apiEndpoint: stack.storage });
    const picture = await drawnJpeg(1, 1_200, 900);
    const file = await readStackFile(directory);
    for (let index = 0; index < 12; index++) {
      if (index === 6) process.kill(file?.pids.emulators ?? 0, 'SIGKILL');
      const object = storage.bucket(stack.buckets.uploads).file(`sketch/emulators/${index}.jpg`);
      await object.save(picture, { resumable: false });
    }
    const receipts = async () => {
      const [files] = await storage.bucket(stack.buckets.results).getFiles({ prefix: 'sketch/emulators/' });
      return files.filter(({ name }) => name.endsWith('.receipt.json')).length;
    };
    await expect.poll(receipts, { timeout: 120_000, interval: 500 }).toBe(12);
  });

  it('are replaced by Cloud Run when no VM is left, for what waits and for what comes', async () => {
    await dropMany('waiting', 8);
    const someClaimed = async () => (await jobsIn('waiting')).some(({ claim }) => claim !== null);
    await expect.poll(someClaimed, { timeout: 60_000, interval: 20 }).toBe(true);
    await Promise.all([stack.stopPart('vm-1'), stack.stopPart('vm-2')]);
    const { docs } = await firestore.collection('workers').where('kind', '==', 'vm').get();
    expect(docs.map((worker) => worker.get('state'))).toEqual(['stopped', 'stopped']);
    await dropMany('no-vms', 6);
    const jobs = await allSucceeded('no-vms', 6);
    expect(jobs.map(({ route }) => route.target)).toEqual(new Array(6).fill('run'));
    const waited = await allSucceeded('waiting', 8);
    expect(waited.some(({ route }) => route.target === 'run')).toBe(true);
  });
});
