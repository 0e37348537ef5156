import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PictureOfJob } from '@spillway/core/job.ts';
import type { OperationName } from '@spillway/core/operations.ts';
import { readIndex } from '@spillway/core/packed-pictures.ts';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { MadeThumbnails } from './child-protocol.ts';
import { createProcessor, type ProcessedImage, type Processor } from './processor.ts';
import { asSharp, drawScene } from './testing/drawings.ts';

let folder: string;
let processor: Processor;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-thumbnails-'));
  processor = createProcessor({
    children: 1,
    timeLimitMs: 60_000,
    memoryLimitBytes: 2 ** 30,
    recycleAfter: 100,
    models: { folder: join(folder, 'no-models') },
    warmUp: [],
  });
});
afterAll(async () => {
  await processor.close();
  await rm(folder, { recursive: true });
});

/** Levels of 0..255, on average: what WebP's loss makes of a drawing with noise. */
const lossy = 5;

async function make(name: string, picture: Sharp, operation: OperationName, options = {}) {
  const inputPath = join(folder, name);
  await picture.toFile(inputPath);
  const outputPath = join(folder, `${name}-${operation}`);
  const image = await processor.process({ operation, options, inputPath, outputPath, thumbnails: true });
  return { inputPath, image, ...(await pictures(image.thumbnails)) };
}

type Made = Extract<MadeThumbnails, { kind: 'made' }>;

function madeOf(thumbnails: ProcessedImage['thumbnails']): Made {
  if (thumbnails.kind !== 'made') throw new Error(`No thumbnails: ${JSON.stringify(thumbnails)}`);
  return thumbnails;
}

async function pictures(thumbnails: ProcessedImage['thumbnails']) {
  const { path, parts, mask } = madeOf(thumbnails);
  const packed = await readFile(path);
  expect(readIndex(packed, packed.length)).toEqual({ parts, mask });
  const cut = ({ offset, size }: { offset: number; size: number }) => packed.subarray(offset, offset + size);
  const sizes = (of: PictureOfJob) =>
    parts.filter((part) => part.of === of).map(({ width, height }) => [width, height]);
  const picture = (of: PictureOfJob, width: number) => {
    const part = parts.find((each) => each.of === of && each.width === width);
    if (!part) throw new Error(`There is no ${of} of ${width} pixels.`);
    return sharp(cut(part));
  };
  return { sizes, picture, mask, maskPicture: () => (mask ? sharp(cut(mask)) : null) };
}

/** Mean difference of two pictures' samples, as they look on white. */
async function difference(one: Sharp, other: Sharp): Promise<number> {
  const samples = (picture: Sharp) =>
    picture.flatten({ background: '#fff' }).toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
  const [a, b] = await Promise.all([samples(one), samples(other)]);
  expect(a.info).toEqual(b.info);
  const sum = a.data.reduce((total, level, at) => total + Math.abs(level - (b.data[at] as number)), 0);
  return sum / a.data.length;
}

const scene = (width: number, height: number) => asSharp(drawScene(width, height));

test('a large picture and its result are 320 and 640 pixels wide, upright, in the colours that sharp gives', async () => {
  const turned = scene(720, 960).jpeg({ quality: 95 }).withMetadata({ orientation: 6 });
  const { sizes, picture, image, inputPath, mask } = await make('turned.jpg', turned, 'sketch');
  expect(sizes('source')).toEqual([
    [320, 240],
    [640, 480],
  ]);
  expect(sizes('result')).toEqual(sizes('source'));
  expect(mask).toBeNull();
  for (const width of [320, 640]) {
    const source = sharp(await sharp(inputPath).autoOrient().resize(width).png().toBuffer());
    expect(await difference(picture('source', width), source)).toBeLessThan(lossy);
    const result = sharp(await sharp(image.path).resize(width).png().toBuffer());
    expect(await difference(picture('result', width), result)).toBeLessThan(lossy);
  }
  expect(await picture('source', 640).metadata()).toMatchObject({ format: 'webp', hasAlpha: false });
  expect(image.steps.map(({ step }) => step)).toEqual(['check', 'make', 'write', 'thumbnails']);
});

test('colours of a profile become sRGB', async () => {
  const wide = scene(700, 500).withIccProfile('p3').png();
  const { picture, inputPath } = await make('wide.png', wide, 'sketch');
  const source = sharp(await sharp(inputPath).resize(640).toColourspace('srgb').png().toBuffer());
  expect(await difference(picture('source', 640), source)).toBeLessThan(lossy);
});

test('a small picture is not enlarged, and a narrow one stays within four times its width', async () => {
  const small = await make('small.png', scene(80, 60).png(), 'sketch');
  expect([small.sizes('source'), small.sizes('result')]).toEqual([[[80, 60]], [[80, 60]]]);
  const between = await make('between.png', scene(500, 400).png(), 'sketch');
  expect(between.sizes('source')).toEqual([
    [320, 256],
    [500, 400],
  ]);
  const tall = await make('tall.png', scene(400, 4_000).png(), 'sketch');
  expect(tall.sizes('source')).toEqual([[256, 2_560]]);
});

test('a result that is no picture has thumbnails of its source alone', async () => {
  const { sizes } = await make('words.jpg', scene(800, 600).jpeg(), 'caption');
  expect(sizes('result')).toEqual([]);
  expect(sizes('source')).toHaveLength(2);
});

test.each([
  ['transparent', { refine: 'none' }],
  ['soft, on a colour', { refine: 'none', background: '#3366cc', cleanMask: true, feather: 8 }],
  ['its mask', { refine: 'none', output: 'mask' }],
])('a cut-out is drawn small as it is large: %s', async (name, options) => {
  const { picture, image } = await make(
    `${name}.jpg`,
    scene(1_400, 1_000).jpeg(),
    'remove-background',
    options,
  );
  const result = sharp(await sharp(image.path).resize(640).png().toBuffer());
  expect(await difference(picture('result', 640), result)).toBeLessThan(lossy);
});

test('a mask is what was found, before it is cleaned or softened, 1,024 pixels long, grey and without loss', async () => {
  const found = await make('found.jpg', scene(1_400, 1_000).jpeg(), 'remove-background', {
    output: 'mask',
    refine: 'none',
  });
  const { mask, maskPicture } = await make('cut.jpg', scene(1_400, 1_000).jpeg(), 'remove-background', {
    cleanMask: true,
    refine: 'none',
  });
  expect(mask).toMatchObject({ width: 1_024, height: 731 });
  const picture = maskPicture();
  if (!picture) throw new Error('There is no mask.');
  const expected = sharp(await sharp(found.image.path).resize(1_024, 731).png().toBuffer());
  expect(await difference(picture, expected)).toBeLessThan(0.5);
});

test('a picture whose end is missing has thumbnails of what is there, as its result has', async () => {
  const whole = await scene(800, 600).jpeg().toBuffer();
  const inputPath = join(folder, 'cut.jpg');
  await writeFile(inputPath, whole.subarray(0, Math.floor(0.97 * whole.length)));
  const outputPath = join(folder, 'cut.jpg-sketch');
  const image = await processor.process({
    operation: 'sketch',
    options: {},
    inputPath,
    outputPath,
    thumbnails: true,
  });
  expect(image.notes).toHaveLength(1);
  expect((await pictures(image.thumbnails)).sizes('source')).toHaveLength(2);
});

test('where thumbnails cannot be written, the result is good all the same', async () => {
  await mkdir(join(folder, 'blocked.png-sketch.thumbnails'));
  const inputPath = join(folder, 'blocked.png');
  await scene(80, 60).png().toFile(inputPath);
  const outputPath = join(folder, 'blocked.png-sketch');
  const request = { operation: 'sketch', options: {}, inputPath, outputPath } as const;
  const image = await processor.process({ ...request, thumbnails: true });
  expect(image).toMatchObject({
    width: 80,
    height: 60,
    thumbnails: { kind: 'not_made', detail: expect.stringContaining('EISDIR') },
  });
  expect(await processor.process(request)).toMatchObject({ thumbnails: { kind: 'not_wanted' } });
});
