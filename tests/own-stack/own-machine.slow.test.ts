import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { costOfOneJob } from '@spillway/core/prices.ts';
import { type Stack, startStack } from '@spillway/emulators/stack.ts';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { type InstalledPackage, installPackage } from '../../cli/testing/installed-package.ts';
import { drawnJpeg } from '../pictures.ts';
import { clientOf, type StackClient } from '../stack-client.ts';

/** Only ends what hangs: npm may have to fetch every package. Milliseconds. */
const installLimitMs = 15 * 60_000;
const polling = { timeout: 60_000 };

let folder: string;
let stack: Stack;
let client: StackClient;
let installed: InstalledPackage;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-own-machine-'));
  installed = await installPackage(folder);
  const directory = join(folder, 'stack');
  // Nobody else takes work.
  const options = { vms: 0, slots: 1, runMax: 0, reset: true, directory, fixedPorts: {}, anyPorts: true };
  stack = await startStack(options, () => {});
  client = clientOf(stack);
}, installLimitMs);
afterAll(async () => {
  await stack?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** What the file for the unit's settings has, and where the emulators are. */
const settings = () => ({
  SPILLWAY_PROJECT: stack.project,
  SPILLWAY_UPLOADS_BUCKET: stack.buckets.uploads,
  SPILLWAY_WEB_UPLOADS_BUCKET: stack.buckets.webUploads,
  SPILLWAY_RESULTS_BUCKET: stack.buckets.results,
  SPILLWAY_WORKER_ID: 'under-the-desk',
  SPILLWAY_VM_PRICE_PER_HOUR: '0.036',
  SPILLWAY_SLOTS: '1',
  SPILLWAY_MODELS_SOURCE: 'none',
  SPILLWAY_WORK_DIR: join(folder, 'work'),
  METADATA_SERVER_DETECTION: 'none',
  FIRESTORE_EMULATOR_HOST: stack.firestore,
  PUBSUB_EMULATOR_HOST: stack.pubsub,
  STORAGE_EMULATOR_HOST: stack.storage,
});

const heartbeat = async () =>
  (await client.firestore.doc('workers/under-the-desk').get()).data() ?? { state: 'unknown' };

it('the installed command joins a running Spillway as a further VM, works, and leaves when it is asked to', async () => {
  const command = join(installed.elsewhere, 'node_modules/.bin/spillway');
  const worker = spawn(command, ['vm-worker'], {
    cwd: installed.elsewhere,
    env: { ...installed.environment, ...settings() },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  onTestFinished(() => void worker.kill('SIGKILL'));
  const left = once(worker, 'exit');
  await expect.poll(async () => (await heartbeat()).state, polling).toBe('ready');
  expect(await heartbeat()).toMatchObject({ kind: 'vm', slots: 1, pricePerHour: 0.036 });

  await client.drop('sketch/desk.jpg', await drawnJpeg(1));
  const [job] = await client.endedJobs('sketch/desk.jpg');
  expect(job).toMatchObject({ state: 'succeeded', route: { target: 'vm' } });
  expect(job?.route.dollars).toBeGreaterThan(costOfOneJob);
  expect(await client.readResultJson(job?.result?.receipt ?? '')).toMatchObject({
    ran: { target: 'vm', worker: 'under-the-desk' },
  });

  worker.kill('SIGTERM');
  expect(await left).toEqual([0, null]);
  expect((await heartbeat()).state).toBe('stopped');
});

it('it says which settings are missing, and ends', async () => {
  const { SPILLWAY_PROJECT: _, ...others } = settings();
  const starting = installed.run('npx', ['spillway', 'vm-worker'], others);
  await expect(starting).rejects.toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/This VM worker cannot work and ends.*SPILLWAY_PROJECT/),
  });
});

it('it prints a unit that starts it from where it is installed', async () => {
  const unit = await installed.run('npx', ['spillway', 'vm-worker', '--print-unit']);
  const started = /^ExecStart=(\S+) (\S+) vm-worker$/m.exec(unit);
  expect(started?.slice(1)).toEqual([
    process.execPath,
    join(installed.elsewhere, 'node_modules/spillway/bin.js'),
  ]);
});
