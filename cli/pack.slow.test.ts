import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { costOfOneJob } from '@spillway/core/job-cost.ts';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { type Stack, startStack } from '../emulators/stack.ts';
import { environmentOf } from '../pipeline/stack-file.ts';
import { alive, serve } from '../serve/testing/served-machine.ts';
import { drawnJpeg } from '../tests/pictures.ts';
import { clientOf, type StackClient } from '../tests/stack-client.ts';
import { Visitor } from '../tests/visitor.ts';
import { type InstalledPackage, installPackage } from './testing/installed-package.ts';

const sample = fileURLToPath(new URL('../web/public/samples/cat.jpg', import.meta.url));
const plugin = fileURLToPath(new URL('../examples/thumbnail', import.meta.url));

/** Only ends what hangs: npm may have to fetch every package. Milliseconds. */
const installLimitMs = 15 * 60_000;

let folder: string;
let packed: string[];
let elsewhere: string;
let installed: InstalledPackage;

function inEmptyFolder(command: string, ...args: string[]): Promise<string> {
  return installed.run(command, args, {
    SPILLWAY_MODELS_DIR: join(folder, 'no-models'),
    SPILLWAY_OPERATIONS: './thumbnail',
  });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-pack-'));
  installed = await installPackage(folder);
  ({ packed, elsewhere } = installed);
  await cp(sample, join(elsewhere, 'cat.jpg'));
  await cp(plugin, join(elsewhere, 'thumbnail'), { recursive: true });
}, installLimitMs);

afterAll(() => rm(folder, { recursive: true, force: true }));

test('the package holds the program, its built-in models and its licences, and nothing else', () => {
  const carried = packed.filter((path) => path.startsWith('node_modules/'));
  expect(carried.filter((path) => !/^node_modules\/onnxruntime-(common|node)\//.test(path))).toEqual([]);
  expect(
    carried.filter((path) => !/[.](js|json|node|so[.]1|dylib)$/.test(path) && !path.endsWith('README.md')),
  ).toEqual([]);
  expect(carried.filter((path) => /win32|cuda|tensorrt/i.test(path))).toEqual([]);
  const site = packed.filter((path) => path.startsWith('dist/'));
  expect(site).toEqual(expect.arrayContaining(['dist/index.html', 'dist/dashboard/index.html']));
  const own = packed.filter((path) => !carried.includes(path) && !site.includes(path));
  expect(own.filter((path) => !path.endsWith('.js'))).toEqual([
    'LICENSE',
    'NOTICE',
    'README.md',
    'built-in/captioner/config.json',
    'built-in/captioner/generation_config.json',
    'built-in/captioner/model.safetensors',
    'built-in/captioner/preprocessor_config.json',
    'built-in/captioner/tokenizer.json',
    'built-in/salient.onnx',
    'npm-shrinkwrap.json',
    'package.json',
  ]);
  expect(own).toEqual(
    expect.arrayContaining([
      'bin.js',
      'spillway.js',
      'child-entry.js',
      'grab-cut-worker.js',
      'functions-router.js',
      'spill-main.js',
      'storage-server-serve.js',
      'vm-worker-main.js',
      'web-server.js',
    ]),
  );
});

test('its installation runs no script that downloads or compiles', async () => {
  const lock = JSON.parse(await readFile(join(elsewhere, 'node_modules/.package-lock.json'), 'utf8'));
  const withScript = Object.entries<{ hasInstallScript?: boolean }>(lock.packages)
    .filter(([, { hasInstallScript }]) => hasInstallScript)
    .map(([place]) => place);
  // protobufjs looks at the version ranges of the project that depends on it, and does nothing else.
  expect(withScript).toEqual(['node_modules/protobufjs']);
  const native = await readdir(
    join(elsewhere, 'node_modules/spillway/node_modules/onnxruntime-node/bin/napi-v6'),
  );
  expect(native.sort()).toEqual(['darwin', 'linux']);
});

test('npx spillway explains itself', async () => {
  expect(await inEmptyFolder('npx', 'spillway', '--help')).toContain('process <operation> <input>');
});

test('npx spillway draws a sketch in a child process', async () => {
  await inEmptyFolder('npx', 'spillway', 'process', 'sketch', 'cat.jpg', '--out', 'sketch.png');
  const { width, height, format } = await sharp(join(elsewhere, 'sketch.png')).metadata();
  expect({ width, height, format }).toEqual({ width: 1000, height: 750, format: 'png' });
});

test('npx spillway cuts out and captions with the built-in models', async () => {
  await inEmptyFolder('npx', 'spillway', 'process', 'remove-background', 'cat.jpg', '--out', 'cut-out.png');
  expect((await stat(join(elsewhere, 'cut-out.png'))).size).toBeGreaterThan(10_000);
  const printed = await inEmptyFolder('npx', 'spillway', 'process', 'caption', 'cat.jpg', '--json');
  expect(JSON.parse(printed)).toMatchObject({
    caption: expect.stringMatching(/\w+ \w+/),
    model: { builtIn: true },
  });
});

test('npx spillway runs a plug-in, which imports what the package provides', async () => {
  await inEmptyFolder('npx', 'spillway', 'process', 'thumbnail', 'cat.jpg', '--out', 'small.jpg');
  const { width, height } = await sharp(join(elsewhere, 'small.jpg')).metadata();
  expect({ width, height }).toEqual({ width: 256, height: 192 });
});

test('npx spillway doctor says why it cannot look', async () => {
  await expect(inEmptyFolder('npx', 'spillway', 'doctor')).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('There is no local stack in .local/stack.json'),
  });
});

test('npx spillway serve runs all of it in an empty folder, and leaves nothing running', async () => {
  const machine = await serve({
    command: 'npx',
    args: ['spillway', 'serve', '--slots', '1'],
    workdir: elsewhere,
    environment: installed.environment,
  });
  const visitor = new Visitor(machine.url);
  await visitor.request('/');
  await visitor.upload('desk.jpg', await drawnJpeg(2));
  await expect.poll(async () => (await visitor.jobs()).map(({ state }) => state)).toEqual(['succeeded']);
  const parts = await machine.parts();
  machine.signal('SIGTERM');
  await machine.ended;
  // npm ends first, and what it has started follows.
  await expect.poll(() => alive(parts)).toEqual([]);
  expect(machine.printed()).toContain('Stopped.');
});

/** Only ends what hangs, on a machine that does other things too. Milliseconds. */
const polling = { timeout: 60_000 };

describe('npx spillway vm-worker', () => {
  let stack: Stack;
  let client: StackClient;

  beforeAll(async () => {
    const directory = join(folder, 'stack');
    // Nobody else takes work.
    const options = {
      engine: inject('engine'),
      vms: 0,
      slots: 1,
      runMax: 0,
      reset: true,
      directory,
      fixedPorts: {},
      anyPorts: true,
    };
    stack = await startStack(options, () => {});
    client = clientOf(stack);
  });
  afterAll(() => stack?.stop());

  /** What the file for the unit's settings has, and where the emulators are. */
  const settings = (): Record<string, string> => ({
    ...environmentOf(stack),
    SPILLWAY_WORKER_ID: 'under-the-desk',
    SPILLWAY_VM_PRICE_PER_HOUR: '0.036',
    SPILLWAY_SLOTS: '1',
    SPILLWAY_MODELS_SOURCE: 'none',
    SPILLWAY_WORK_DIR: join(folder, 'work'),
    METADATA_SERVER_DETECTION: 'none',
  });

  const heartbeat = async () =>
    (await client.documents.read('workers/under-the-desk')) ?? { state: 'unknown' };

  test('joins a running Spillway as a further VM, works, and leaves when it is asked to', async () => {
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

    // A router hears of a new VM some seconds later. Until then a job has no price of a VM.
    let drops = 0;
    const jobOfNow = async () => {
      const name = `sketch/desk-${drops++}.jpg`;
      await client.drop(name, await drawnJpeg(1));
      return (await client.endedJobs(name))[0];
    };
    await expect.poll(async () => (await jobOfNow())?.route.dollars, polling).toBeGreaterThan(costOfOneJob);
    const job = await jobOfNow();
    expect(job).toMatchObject({ state: 'succeeded', route: { target: 'vm' } });
    expect(await client.readResultJson(job?.result?.receipt ?? '')).toMatchObject({
      ran: { target: 'vm', worker: 'under-the-desk' },
    });

    worker.kill('SIGTERM');
    expect(await left).toEqual([0, null]);
    expect((await heartbeat()).state).toBe('stopped');
  });

  test('and its doctor looks at that Spillway from anywhere', async () => {
    const command = join(installed.elsewhere, 'node_modules/.bin/spillway');
    // Nobody else takes work, and the worker has left.
    await expect(installed.run(command, ['doctor'], settings())).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringMatching(
        new RegExp(
          `^Looked at the project ${stack.project}[.]\n[^]*\n! Neither a VM nor Cloud Run takes work[.]`,
        ),
      ),
    });
  });

  test('says which settings are missing, and ends', async () => {
    const { SPILLWAY_PROJECT: _, ...others } = settings();
    const starting = installed.run('npx', ['spillway', 'vm-worker'], others);
    await expect(starting).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/This VM worker cannot work and ends.*SPILLWAY_PROJECT/),
    });
  });

  test('prints a unit that starts it from where it is installed', async () => {
    const unit = await installed.run('npx', ['spillway', 'vm-worker', '--print-unit']);
    const started = /^ExecStart=(\S+) (\S+) vm-worker$/m.exec(unit);
    expect(started?.slice(1)).toEqual([
      process.execPath,
      join(installed.elsewhere, 'node_modules/spillway/bin.js'),
    ]);
  });
});
