import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MachineError, PermanentError, RetryableError, UnexpectedError } from '@spillway/core/errors.ts';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { createProcessor, type ProcessedImage, type Processor, type ProcessorOptions } from './processor.ts';
import { asSharp, drawScene } from './testing/drawings.ts';
import { writeVastNet } from './testing/saliency/fixtures.ts';

const faultyChild = fileURLToPath(new URL('./testing/faulty-child.ts', import.meta.url));
const productionChild = fileURLToPath(new URL('./child-entry.ts', import.meta.url));
const doomedParent = fileURLToPath(new URL('./testing/doomed-parent.ts', import.meta.url));
const faults = [
  'segfault',
  'abort',
  'exit',
  'hang',
  'stall',
  'memory',
  'leak',
  'load',
  'defect',
  'other-defect',
  'stray',
  'stray-promise',
];
const noModels = { folder: join(tmpdir(), 'spillway-no-models') };
const hasPrlimit = spawnSync('prlimit', ['--version']).status === 0;
const sketchOptions = { blur: 21, format: 'png' } as const;

let folder: string;
let processor: Processor;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-processor-'));
  await asSharp(drawScene(80, 60)).jpeg().toFile(join(folder, 'good'));
  for (const fault of faults) {
    await copyFile(join(folder, 'good'), join(folder, fault));
  }
});
afterEach(async () => {
  await processor?.close();
  for (const fault of faults) await rm(join(folder, `${fault}.started`), { force: true });
});
afterAll(() => rm(folder, { recursive: true }));

const common = {
  children: 1,
  timeLimitMs: 60_000,
  memoryLimitBytes: 2 ** 30,
  recycleAfter: 100,
  models: noModels,
} satisfies ProcessorOptions;

function start(options: Partial<ProcessorOptions> = {}): void {
  processor = createProcessor({ ...common, childScript: faultyChild, ...options });
}

async function sketch(name: string, signal?: AbortSignal): Promise<ProcessedImage> {
  const paths = { inputPath: join(folder, name), outputPath: join(folder, `${name}-result`) };
  return await processor.process({
    operation: 'sketch',
    options: sketchOptions,
    ...paths,
    ...(signal ? { signal } : {}),
  });
}

const goodSketch = { contentType: 'image/png', extension: 'png', width: 80, height: 60 };

async function expectRecovery(): Promise<void> {
  expect(await sketch('good')).toMatchObject(goodSketch);
}

/** Resolves when the faulty child has begun with that file. */
async function begun(fault: string): Promise<void> {
  const marker = join(folder, `${fault}.started`);
  await expect.poll(() => existsSync(marker)).toBeTruthy();
  await rm(marker);
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}

test('a picture becomes a file beside the asked-for path', async () => {
  start();
  const image = await sketch('good');
  expect(image).toEqual({
    path: join(folder, 'good-result.png'),
    contentType: 'image/png',
    extension: 'png',
    width: 80,
    height: 60,
    decodedPixels: 4_800,
    model: null,
    notes: [],
    processMs: expect.any(Number),
    inferenceMs: null,
    thumbnails: { kind: 'not_wanted' },
    steps: ['check', 'make', 'write'].map((step) => ({
      step,
      startedAt: expect.any(Number),
      ms: expect.any(Number),
    })),
  });
  expect(await sharp(image.path).metadata()).toMatchObject({ format: 'png', width: 80, height: 60 });
});

test('the production children run the registered operations', async () => {
  processor = createProcessor({
    children: 1,
    timeLimitMs: 60_000,
    memoryLimitBytes: 2 ** 30,
    recycleAfter: 9,
    models: noModels,
  });
  // A name that means a crash to the test child means nothing here.
  expect(await sketch('segfault')).toMatchObject({ width: 80, height: 60 });
});

test('a model that is too large for the machine leaves the other operations at work', async () => {
  const saliencyFile = join(folder, 'vast.onnx');
  await writeVastNet(saliencyFile);
  start({
    childScript: productionChild,
    models: { ...noModels, saliencyFile },
    warmUp: ['remove-background', 'sketch'],
  });
  await expectRecovery();
});

test.each(['segfault', 'abort', 'exit'])('a child that ends by %s is one failed attempt', async (fault) => {
  start();
  const error = await sketch(fault).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(RetryableError);
  expect(error).toMatchObject({ code: 'internal' });
  await expectRecovery();
});

test.each(['hang', 'stall'])('a %s ends at the time limit', async (fault) => {
  start({ timeLimitMs: 500 });
  await processor.warmUp();
  const error = await sketch(fault).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(RetryableError);
  expect(error).toMatchObject({ code: 'processing_timeout' });
  // On a busy machine a good picture may pass this limit, too: the next child then tries again.
  await expect.poll(() => sketch('good').catch((thrown: unknown) => thrown)).toMatchObject(goodSketch);
});

test('a child that takes too much memory is killed', async () => {
  start({ memoryLimitBytes: 400 * 1024 * 1024 });
  const error = await sketch('memory').catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(RetryableError);
  expect(error).toMatchObject({ code: 'out_of_memory' });
  await expectRecovery();
});

test('files count as memory where the file system is memory', async () => {
  const large = join(folder, 'large');
  await writeFile(large, Buffer.alloc(500 * 1024 * 1024));
  try {
    start({ memoryLimitBytes: 400 * 1024 * 1024, filesAreMemory: true });
    await expect(sketch('stall')).rejects.toMatchObject({ code: 'out_of_memory' });
  } finally {
    await rm(large);
  }
  await expectRecovery();
});

test('a bad picture keeps its code and message across the border, and its child', async () => {
  start();
  await processor.warmUp();
  const [pid] = processor.pids;
  await writeFile(join(folder, 'empty'), '');
  const error = await sketch('empty').catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(PermanentError);
  expect(error).toMatchObject({ code: 'empty_file', message: 'The file is empty.' });
  await expectRecovery();
  expect(processor.pids).toEqual([pid]);
});

test('a defect has a signature of its own, and tells no person where it happened', async () => {
  start({ children: 2 });
  const [first, again, other] = await Promise.all(
    ['defect', 'defect', 'other-defect'].map((name) => sketch(name).catch((thrown: unknown) => thrown)),
  );
  expect(first).toBeInstanceOf(UnexpectedError);
  expect(first).toMatchObject({ message: 'Something went wrong on our side.' });
  expect(String((first as Error).cause)).toContain('TypeError: no such thing');
  const signature = (error: unknown) => (error as UnexpectedError).signature;
  expect(signature(first)).toMatch(/^[0-9a-f]{16}$/);
  // Its message names another path and another number.
  expect(signature(again)).toBe(signature(first));
  expect(signature(other)).not.toBe(signature(first));
  await expectRecovery();
});

test.each(['defect', 'stray', 'stray-promise'])(
  'a job with a %s names its error, and the next one has a fresh child',
  async (fault) => {
    start();
    await processor.warmUp();
    const [pid] = processor.pids;
    const error = await sketch(fault).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UnexpectedError);
    expect(String((error as Error).cause)).toMatch(/TypeError: (no such|a stray) thing/);
    await expectRecovery();
    expect(processor.pids).not.toContain(pid);
  },
);

describe('a child whose decoder was taken over', () => {
  const script = fileURLToPath(new URL('./testing/taken-over-child.ts', import.meta.url));
  const notWanted = { kind: 'not_wanted' };
  const thumbnailsAt = (path: string) => ({ kind: 'made', path, parts: [], mask: null });
  const ownResult = () => ({
    ...{ path: join(folder, 'answer-result.png'), decodedPixels: 1, model: null, notes: [] },
    ...{ ...goodSketch, processMs: 1, inferenceMs: null, thumbnails: notWanted, steps: [] },
  });
  const line = (image: object) =>
    `${JSON.stringify({ outcome: { kind: 'processed', image }, models: [] })}\n`;

  beforeEach(async () => {
    start({ childScript: script });
    await writeFile(join(folder, 'answer'), line(ownResult()));
    expect(await sketch('answer')).toEqual(ownResult());
  });

  async function expectEnded(answer: string | Uint8Array): Promise<void> {
    const [pid] = processor.pids;
    await writeFile(join(folder, 'answer'), answer);
    await expect(sketch('answer')).rejects.toMatchObject({ name: 'RetryableError', code: 'internal' });
    expect(processor.pids).not.toContain(pid);
    await writeFile(join(folder, 'answer'), line(ownResult()));
    expect(await sketch('answer')).toEqual(ownResult());
  }

  test.each([
    ['a file of the worker', { path: '/proc/self/environ' }],
    ['a file beside its own', { path: 'other-job/result.png' }],
    ['the result with another ending', { extension: 'json' }],
    ['the result as a page', { contentType: 'text/html' }],
    ['a file of the worker as thumbnails', { thumbnails: thumbnailsAt('/proc/self/environ') }],
    [
      'thumbnails that nobody wanted',
      { thumbnails: thumbnailsAt(join(tmpdir(), 'answer-result.thumbnails')) },
    ],
  ])('is ended where it answers with %s, and its answer is no result', async (_, change) => {
    await expectEnded(line({ ...ownResult(), ...change }));
  });

  test.each([
    ['bytes of any kind', Uint8Array.of(0, 255, 254, 10, 7, 10)],
    ['what is no answer', '{"outcome":null}\n'],
    ['a message without an end', 'x'.repeat(3 * 1_024 * 1_024)],
  ])('is ended where it sends %s, and its worker goes on', async (_, answer) => {
    await expectEnded(answer);
  });

  test('is ended where it sends more than was asked for', async () => {
    const [pid] = processor.pids;
    await writeFile(join(folder, 'answer'), line(ownResult()).repeat(3));
    await sketch('answer').catch(() => {});
    await vi.waitFor(() => expect(processor.pids).not.toContain(pid), { timeout: 60_000 });
  });
});

test('calling a job off kills its child and rejects with the reason', async () => {
  start();
  await processor.warmUp();
  const [pid] = processor.pids;
  const abort = new AbortController();
  const job = expect(sketch('hang', abort.signal)).rejects.toThrow('cancelled by its owner');
  await begun('hang');
  abort.abort(new Error('cancelled by its owner'));
  await job;
  await expectRecovery();
  expect(processor.pids).not.toContain(pid);
});

test('a job that waits for its turn can be called off without a loss to others', async () => {
  start();
  const abort = new AbortController();
  const first = sketch('good');
  const second = sketch('good', abort.signal);
  const third = sketch('good');
  abort.abort(new Error('not wanted any more'));
  await expect(second).rejects.toThrow('not wanted any more');
  await expect(first).resolves.toMatchObject({ width: 80 });
  await expect(third).resolves.toMatchObject({ width: 80 });
});

test('more jobs than children take turns', async () => {
  start({ children: 2 });
  const images = await Promise.all(Array.from({ length: 7 }, () => sketch('good')));
  expect(images).toHaveLength(7);
  expect(processor.pids).toHaveLength(2);
});

test('a child is replaced after its jobs are done', async () => {
  start({ recycleAfter: 2 });
  await processor.warmUp();
  const [first] = processor.pids;
  await sketch('good');
  expect(processor.pids).toEqual([first]);
  await sketch('good');
  await expectRecovery();
  expect(processor.pids).not.toContain(first);
});

test('a child that keeps too much memory is replaced', async () => {
  start({ recycleAboveBytes: 32 * 1024 * 1024 });
  await processor.warmUp();
  const [first] = processor.pids;
  await sketch('good');
  expect(processor.pids).toEqual([first]);
  await sketch('leak');
  await expectRecovery();
  expect(processor.pids).not.toContain(first);
});

test('the memory of a model that a job loads is not held against the child', async () => {
  start({ recycleAboveBytes: 32 * 1024 * 1024 });
  await processor.warmUp();
  const [first] = processor.pids;
  await sketch('load');
  expect(processor.models).toEqual(['other-model']);
  await expectRecovery();
  expect(processor.pids).toEqual([first]);
});

test('an idle child that was killed costs no job an attempt', async () => {
  start();
  await processor.warmUp();
  const [pid = 0] = processor.pids;
  process.kill(pid, 'SIGKILL');
  await expect.poll(() => processor.pids.length === 0).toBeTruthy();
  await expectRecovery();
});

test('children that do not start are the machine’s fault, and no attempt', async () => {
  start({ childScript: join(folder, 'no-such-script.ts') });
  const error = await sketch('good').catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(MachineError);
  expect(error).toMatchObject({ lack: 'processes' });
  await expect(processor.warmUp()).rejects.toThrow('No child process can be started.');
  await expect(processor.tryStart()).rejects.toThrow('No child process can be started.');
});

test('one child more can be started for a try, and leaves nothing', async () => {
  start();
  await processor.warmUp();
  const before = processor.pids;
  await processor.tryStart();
  expect(processor.pids).toEqual(before);
});

test('a result that finds no room on the disk is the machine’s fault', async () => {
  start();
  // Writing to it fails with ENOSPC.
  await symlink('/dev/full', join(folder, 'full-result.png'));
  await copyFile(join(folder, 'good'), join(folder, 'full'));
  const error = await sketch('full').catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(MachineError);
  expect(error).toMatchObject({ lack: 'disk' });
  await expectRecovery();
});

test('a child that the system ends, as it does when memory runs out, is the machine’s fault at first', async () => {
  start();
  await processor.warmUp();
  const [pid = 0] = processor.pids;
  const job = sketch('stall').catch((thrown: unknown) => thrown);
  await begun('stall');
  process.kill(pid, 'SIGKILL');
  expect(await job).toMatchObject({ name: 'MachineError', lack: 'memory' });
  await expectRecovery();
});

describe.skipIf(!hasPrlimit)('under limits of the system (needs prlimit of util-linux)', () => {
  const limit = (what: string) => {
    for (const pid of processor.pids) execFileSync('prlimit', [`--${what}`, '--pid', String(pid)]);
  };

  test('a child that may open no more files is the machine’s fault, with every step that opens one', async () => {
    start();
    await processor.warmUp();
    // Fewer than it has open: whatever it opens next fails with EMFILE.
    limit('nofile=8:');
    const error = await sketch('good').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'MachineError', lack: 'file_handles' });
    limit('nofile=1024:');
    await expectRecovery();
  });

  test('a child that may write no more is, and so is one that cannot get ready for it', async () => {
    start({ children: 1, recycleAfter: 1 });
    await processor.warmUp();
    limit('fsize=100:');
    const error = await sketch('good').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'MachineError', lack: 'disk' });
    await expectRecovery();
    // Children inherit what their parent may.
    const self = (value: string) =>
      execFileSync('prlimit', [`--fsize=${value}:`, '--pid', String(process.pid)]);
    self('100');
    try {
      await expect(processor.tryStart()).rejects.toMatchObject({ name: 'MachineError', lack: 'disk' });
    } finally {
      self('unlimited');
    }
  });
});

test('children keep their temporary files in a folder of the worker’s', async () => {
  const temporary = await mkdtemp(join(folder, 'temporary-'));
  start({ temporary });
  await processor.warmUp();
  expect(await readdir(temporary)).toEqual([]);
  await rm(temporary, { recursive: true });
  await expect(processor.tryStart()).rejects.toMatchObject({ name: 'MachineError', lack: 'writable_disk' });
});

test('models are those of the children', async () => {
  start();
  expect(processor.models).toEqual([]);
  await processor.warmUp();
  expect(processor.models).toEqual(['test-model']);
});

test('closing ends busy and waiting jobs and leaves no child', async () => {
  start();
  await processor.warmUp();
  const [pid = 0] = processor.pids;
  const busy = sketch('hang');
  const waiting = sketch('good');
  const ends = Promise.allSettled([busy, waiting]);
  await begun('hang');
  await processor.close();
  for (const end of await ends) {
    expect(end).toMatchObject({ status: 'rejected', reason: { message: 'The processor is closed.' } });
  }
  expect(isGone(pid)).toBe(true);
  await expect(sketch('good')).rejects.toThrow('closed');
  expect(processor.pids).toEqual([]);
});

test('children know nothing of the environment beyond what they need', async () => {
  process.env.SPILLWAY_TEST_SECRET = 'hidden';
  start();
  await processor.warmUp();
  const environment = await readFile(`/proc/${processor.pids[0]}/environ`, 'utf8').catch(() => null);
  delete process.env.SPILLWAY_TEST_SECRET;
  // Without /proc there is nothing to look at.
  if (environment !== null) expect(environment).not.toContain('SPILLWAY_TEST_SECRET');
});

test.each(['idle', 'stall'])(
  'children die with a parent that is killed while they are at: %s',
  async (state) => {
    const parent = spawn(process.execPath, [doomedParent, join(folder, state)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    if (state === 'stall') await begun('stall');
    expect(isGone(pid)).toBe(false);
    parent.kill('SIGKILL');
    await expect.poll(() => isGone(pid)).toBeTruthy();
  },
);
