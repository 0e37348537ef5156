import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MachineError, PermanentError, RetryableError, UnexpectedError } from '@spillway/core/errors.ts';
import { isOperationName, type OperationName } from '@spillway/core/operations.ts';
import { loadPlugins } from '@spillway/plugins/load.ts';
import { fixtures } from '@spillway/plugins/testing/fixtures.ts';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createProcessor, type Processor, type ProcessorOptions } from './processor.ts';
import { asSharp, drawScene } from './testing/drawings.ts';

const common = {
  children: 1,
  timeLimitMs: 60_000,
  memoryLimitBytes: 2 ** 29,
  recycleAfter: 100,
  models: { folder: join(tmpdir(), 'spillway-no-models') },
} satisfies ProcessorOptions;

let folder: string;
let processor: Processor;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-plugin-operation-'));
  await asSharp(drawScene(80, 60)).jpeg().toFile(join(folder, 'photo.jpg'));
  await asSharp(drawScene(80, 60)).png().toFile(join(folder, 'photo.png'));
  await asSharp(drawScene(80, 60)).webp().toFile(join(folder, 'photo.webp'));
  await loadPlugins(Object.values(fixtures).join(','));
  processor = createProcessor({
    ...common,
    // A plug-in that fails while it warms up keeps no other operation from working.
    warmUp: [named('frame'), named('faulty')],
  });
});
afterAll(async () => {
  await processor.close();
  await rm(folder, { recursive: true });
});

function named(operation: string): OperationName {
  if (!isOperationName(operation)) throw new Error(`${operation} is not registered.`);
  return operation;
}

function process(operation: string, options: Record<string, unknown> = {}, input = 'photo.png') {
  return processor.process({
    operation: named(operation),
    options,
    inputPath: join(folder, input),
    outputPath: join(folder, operation),
  });
}

test('a plug-in makes a picture, in the first of its formats', async () => {
  const image = await process('frame', { width: 10 }, 'photo.jpg');
  expect(image).toMatchObject({ contentType: 'image/png', width: 100, height: 80, decodedPixels: 4_800 });
  const { data } = await sharp(image.path).raw().toBuffer({ resolveWithObject: true });
  expect([...data.subarray(0, 3)]).toEqual([255, 0, 0]);
});

test('a plug-in makes a JSON document', async () => {
  const image = await process('measure');
  expect(image).toMatchObject({ contentType: 'application/json', width: 80, height: 60 });
  expect(JSON.parse(await readFile(image.path, 'utf8'))).toMatchObject({
    size: '80 × 60',
    channels: [{ name: 'red' }, { name: 'green' }, { name: 'blue' }],
  });
});

test('a plug-in makes text', async () => {
  const image = await process('transcript', { greeting: 'Voilà' });
  expect(image).toMatchObject({ contentType: 'text/plain; charset=utf-8', extension: 'txt' });
  expect(await readFile(image.path, 'utf8')).toBe('Voilà a png of 80 pixels a line.\n');
});

test('a picture of a type that the plug-in does not take is refused before it is decoded', async () => {
  await expect(process('transcript', {}, 'photo.webp')).rejects.toMatchObject({
    code: 'unsupported_type',
    message: 'The file is WebP, and this operation takes JPEG and PNG.',
  });
});

test.each(['error', 'busy', 'code', 'stray', 'number'])(
  'what a plug-in throws (%s) is its own fault, not the machine’s, and the next job is done',
  async (how) => {
    const error = await process('faulty', { how }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UnexpectedError);
    expect((error as UnexpectedError).signature).toMatch(/^[0-9a-f]{16}$/);
    expect(await process('faulty', { how: 'not' })).toMatchObject({ extension: 'txt' });
  },
);

test('a plug-in refuses a picture with words of its own', async () => {
  const error = await process('faulty', { how: 'refuse' }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(PermanentError);
  expect(error).toMatchObject({ code: 'unprocessable', message: 'It shows nothing.' });
});

test('a plug-in meets the limit on memory, and the next job has a fresh child', async () => {
  const error = await process('faulty', { how: 'memory' }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(RetryableError);
  expect(error).toMatchObject({ code: 'out_of_memory' });
  expect(await process('transcript')).toMatchObject({ extension: 'txt' });
});

test('a plug-in that hangs meets the limit on time', async () => {
  const hurried = createProcessor({
    ...common,
    timeLimitMs: 500,
    warmUp: [],
  });
  try {
    await expect(
      hurried.process({
        operation: named('faulty'),
        options: { how: 'hang' },
        inputPath: join(folder, 'photo.png'),
        outputPath: join(folder, 'hang'),
      }),
    ).rejects.toMatchObject({ code: 'processing_timeout' });
  } finally {
    await hurried.close();
  }
});

test('an implementation that cannot be loaded keeps the child from starting, and the machine is not blamed', async () => {
  const broken = await mkdtemp(join(tmpdir(), 'spillway-plugin-broken-'));
  onTestFinished(() => rm(broken, { recursive: true }));
  await cp(fixtures.frame, broken, { recursive: true });
  const manifest = await readFile(join(broken, 'operation.ts'), 'utf8');
  await writeFile(join(broken, 'operation.ts'), manifest.replace("name: 'frame'", "name: 'broken'"));
  await writeFile(join(broken, 'implementation.ts'), "import 'no-such-package';\n");
  await loadPlugins(broken);
  const unable = createProcessor({
    ...common,
    warmUp: [],
  });
  onTestFinished(() => unable.close());
  const error = await unable.warmUp().catch((thrown: unknown) => thrown);
  expect(error).not.toBeInstanceOf(MachineError);
  expect(String(error)).toContain(
    `${join(broken, 'implementation.ts')} cannot be loaded: Cannot find package`,
  );
});
