import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { isTerminal, type Job } from '@spillway/core/job.ts';
import { receiptSchema } from '@spillway/core/receipt.ts';
import { defaultRoutingSettings } from '@spillway/core/settings.ts';
import { anyPort } from '@spillway/emulators/choose-ports.ts';
import { accountOf, serviceIdentity } from '@spillway/emulators/metadata/identity.ts';
import { startMetadataServer } from '@spillway/emulators/metadata/server.ts';
import { createTokenSigner, makeTokenKey } from '@spillway/emulators/metadata/token-signer.ts';
import { baseConfigSchema, parseConfig } from '@spillway/pipeline/config.ts';
import { createPorts } from '@spillway/pipeline/create-ports.ts';
import { createMemoryPorts } from '@spillway/pipeline/memory/ports.ts';
import { readPartsFile } from '@spillway/pipeline/parts-file.ts';
import type { AppPorts } from '@spillway/pipeline/ports/ports.ts';
import { dataFolderAt } from '@spillway/serve/data-folder.ts';
import { machineEnvironment } from '@spillway/serve/environment.ts';
import { startMachine } from '@spillway/serve/machine.ts';
import { readServeOptions } from '@spillway/serve/options.ts';
import { Supervisor } from '@spillway/supervisor/supervisor.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { drawnJpeg } from '../pictures.ts';

/**
 * One machine that sends pictures to the stand-in for Cloud Run, which runs the real worker: as a service that needs no
 * database, lets in the machine's account alone, and verifies its tokens.
 */
const { log } = createMemoryPorts();
const account = 'spillway-box';
const project = 'demo-box';
let directory: string;
let ports: AppPorts;
let storage: string;
let url: string;
const ends: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'spillway-spill-'));
  ends.push(() => rm(directory, { recursive: true, force: true }));
  const tokenKey = await makeTokenKey();
  const signer = await createTokenSigner(tokenKey);
  const identity = serviceIdentity(account, project, randomUUID());
  const metadata = await startMetadataServer(identity, { project, signer, log });
  ends.push(metadata.close);
  url = await startCloudRun(tokenKey);
  const folder = dataFolderAt(join(directory, 'data'));
  const machine = await startMachine(
    readServeOptions({ data: folder.path, port: await anyPort(), slots: 1 }, {}),
    {
      version: '1.2.3',
      environment: {
        ...process.env,
        SPILLWAY_RUN_URL: url,
        GCE_METADATA_HOST: metadata.host,
        // Its own work costs more than Cloud Run's: every job goes there that can be in time there.
        SPILLWAY_VM_PRICE_PER_HOUR: '1000',
      },
    },
    () => {},
    new AbortController().signal,
  );
  ends.push(() => machine.stop());
  const parts = await readPartsFile(folder.parts);
  storage = parts?.storage ?? '';
  const environment = machineEnvironment(folder, storage, { SPILLWAY_RUN_URL: url });
  process.env.STORAGE_EMULATOR_HOST = storage;
  ports = await createPorts(parseConfig(baseConfigSchema, environment), log, 'calls');
  ends.push(() => ports.close());
  const objectivesMs = { sketch: 120_000 };
  await ports.settings.changeRouting(
    { ...defaultRoutingSettings, objectivesMs, run: { ...defaultRoutingSettings.run, maxInstances: 2 } },
    'test',
  );
});

afterAll(async () => {
  for (const end of ends.reverse()) await end();
});

/** The stand-in, with the account of the machine for its only invoker. */
async function startCloudRun(tokenKey: string): Promise<string> {
  const supervisor = new Supervisor(
    join(directory, 'logs'),
    () => {},
    () => {},
  );
  ends.push(() => supervisor.stopAll(supervisor.names()));
  const [port, adminPort] = [await anyPort(), await anyPort()];
  await supervisor.start({
    name: 'cloud-run',
    entry: new URL('../../emulators/cloud-run.ts', import.meta.url),
    environment: {
      PORT: String(port),
      SPILLWAY_PROJECT: project,
      SPILLWAY_WORK_DIR: join(directory, 'instances'),
      SPILLWAY_RUN_PROGRAM: fileURLToPath(new URL('../../cloudrun-worker/main.ts', import.meta.url)),
      SPILLWAY_RUN_WORKDIR: directory,
      SPILLWAY_RUN_MAX: '3',
      SPILLWAY_RUN_INVOKER: accountOf(account, project).email,
      SPILLWAY_RUN_SERVICE: `projects/${project}/locations/us-central1/services/spillway-worker`,
      SPILLWAY_RUN_ADMIN_PORT: String(adminPort),
      SPILLWAY_TOKEN_KEY: tokenKey,
      SPILLWAY_SERVES: 'pictures',
      SPILLWAY_VERSION: '1.2.4',
    },
  });
  return `http://127.0.0.1:${port}`;
}

async function drop(name: string, picture: Buffer): Promise<void> {
  const address = `${storage}/upload/storage/v1/b/spillway-uploads/o?uploadType=media&name=${encodeURIComponent(name)}`;
  const headers = { 'content-type': 'image/jpeg' };
  const answer = await fetch(address, { method: 'POST', headers, body: new Uint8Array(picture) });
  expect(answer.status).toBe(200);
}

async function jobsUnder(prefix: string): Promise<Job[]> {
  const { jobs } = await ports.feed.find({}, 1_000, null);
  return jobs.filter(({ source }) => source.name.startsWith(prefix));
}

async function ended(prefix: string, count: number): Promise<Job[]> {
  await expect
    .poll(async () => (await jobsUnder(prefix)).filter(({ state }) => isTerminal(state)).length, {
      timeout: 120_000,
      interval: 200,
    })
    .toBe(count);
  return jobsUnder(prefix);
}

async function readText(name = ''): Promise<string> {
  const blob = await ports.blobs.read(ports.buckets.results, name);
  return blob ? text(blob.stream) : '';
}

it('routers know the settings after some seconds: pictures are dropped until one goes to Cloud Run', async () => {
  let dropped = 0;
  const newest = async () => {
    const name = `sketch/settings/${dropped++}.jpg`;
    await drop(name, await drawnJpeg(1));
    const [job] = await ended(name, 1);
    return job?.route.reason;
  };
  await expect.poll(newest, { timeout: 60_000, interval: 500 }).toBe('run_cheaper');
});

it('a picture is done by an instance that knows no database, with a receipt as complete as ever', async () => {
  await drop('sketch/one.jpg', await drawnJpeg(1));
  const [job] = await ended('sketch/one', 1);
  expect(job).toMatchObject({ state: 'succeeded', route: { target: 'run', reason: 'run_cheaper' } });
  const receipt = receiptSchema.parse(JSON.parse(await readText(job?.result?.receipt)));
  expect(receipt.ran).toMatchObject({ target: 'run', worker: expect.stringMatching(/^spillway-worker-/) });
  expect(receipt.timings.processMs).toBeGreaterThan(0);
  await expect
    .poll(async () => (await ports.fleet.read()).workers.filter(({ id }) => id === receipt.ran.worker))
    .toMatchObject([
      {
        kind: 'run',
        state: 'ready',
        slots: 1,
        version: '1.2.4',
        perOperation: { sketch: { succeeded: expect.any(Number) } },
      },
    ]);
});

it('a picture that is at fault ends with its own code', async () => {
  await drop('sketch/broken.jpg', (await drawnJpeg(2)).subarray(0, 2_000));
  const [job] = await ended('sketch/broken', 1);
  expect(job).toMatchObject({
    state: 'failed',
    route: { target: 'run' },
    error: { code: 'corrupt_image', blame: 'input' },
  });
});

it('killing the sender, and instances while they work, loses no picture and doubles none', async () => {
  const count = 12;
  const picture = await drawnJpeg(3, 4_000, 3_000);
  for (let index = 0; index < count; index++) await drop(`sketch/killed/${index}.jpg`, picture);
  const isThere = async () =>
    (await jobsUnder('sketch/killed/')).some(
      ({ state, claim }) => state === 'processing' && claim?.worker === 'spill',
    );
  await expect.poll(isThere, { timeout: 60_000, interval: 20 }).toBe(true);
  const parts = await readPartsFile(dataFolderAt(join(directory, 'data')).parts);
  const sender = parts?.parts.spill?.pid;
  if (!sender) throw new Error('There is no sender.');
  process.kill(sender, 'SIGKILL');
  await expect.poll(isThere, { timeout: 60_000, interval: 20 }).toBe(true);
  const instances = (await (await fetch(`${url}/instances`)).json()) as { pid?: number; active: number }[];
  for (const { pid } of instances) if (pid) process.kill(pid, 'SIGKILL');
  const jobs = await ended('sketch/killed/', count);
  const sizes = new Set(jobs.map(({ result }) => result?.size));
  expect(jobs.map(({ state }) => state)).toEqual(Array(count).fill('succeeded'));
  // One picture gives one result, whole.
  expect(sizes.size).toBe(1);
  for (const { id, result } of jobs) {
    const receipt = receiptSchema.parse(JSON.parse(await readText(result?.receipt)));
    expect(receipt).toMatchObject({ jobId: id, result: { crc32c: result?.crc32c } });
  }
});

it('a stranger’s token, and none, are let in neither by the service nor by the worker behind it', async () => {
  const none = await fetch(`${url}/process`, { method: 'POST', body: '{}\n' });
  const forged = await fetch(`${url}/process`, {
    method: 'POST',
    body: '{}\n',
    headers: { authorization: 'Bearer a.b.c' },
  });
  expect([none.status, forged.status]).toEqual([403, 401]);
});
