import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { removeBackground } from '@spillway/core/operations/remove-background.ts';
import { openLibrary } from '@spillway/models/library.ts';
import { checkInput } from '@spillway/processing/input-gate.ts';
import { defaultInputLimits } from '@spillway/processing/input-limits.ts';
import { createRemoveBackground } from '@spillway/processing/operations/remove-background.ts';
import { type CutOutSource, drawCutOut } from '@spillway/web/src/workbench/cut-out-preview.ts';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';

const sample = fileURLToPath(new URL('../../web/public/samples/cat.jpg', import.meta.url));
/** Pixels across the picture, and across its preview: less than a browser shows, so that shrinking costs more here. */
const [fullWidth, previewWidth] = [1_000, 400];

let folder: string;
let path: string;
let source: CutOutSource;
const operation = createRemoveBackground();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-preview-'));
  path = join(folder, 'cat.png');
  await sharp(sample).resize(fullWidth).png().toFile(path);
  const pixels = await sharp(path).resize(previewWidth).ensureAlpha().raw().toBuffer();
  const { data, info } = await sharp((await made({ output: 'mask' })).bytes)
    .resize(previewWidth)
    .toColourspace('b-w')
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  source = {
    pixels: Uint8ClampedArray.from(pixels),
    mask: { data, width, height },
    scale: previewWidth / fullWidth,
  };
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function made(options: Record<string, unknown>) {
  const image = await checkInput(path, defaultInputLimits);
  const models = {
    saliency: () => openLibrary(folder).saliency('built-in'),
    caption: () => Promise.reject(new Error('Nobody asks for a caption here.')),
  };
  // Without refinement: OpenCV takes long to load, and refines the mask before either of both sees it.
  const asked = removeBackground.options.parse({ refine: 'none', ...options });
  return await operation.make(image, asked, { models, threads: 1 });
}

/** Levels of 0..255 by which two pictures differ as they look on white, in the mean and for all but 1 % of samples. */
function differenceOnWhite(a: Uint8ClampedArray, b: Uint8Array) {
  const distances: number[] = [];
  for (let at = 0; at < a.length; at++) {
    if (at % 4 === 3) continue;
    distances.push(Math.abs(onWhite(a, at) - onWhite(b, at)));
  }
  distances.sort((one, other) => one - other);
  const mean = distances.reduce((sum, each) => sum + each, 0) / distances.length;
  return { mean, mostly: distances[Math.floor(distances.length * 0.99)] ?? Number.NaN };
}

function onWhite(pixels: Uint8Array | Uint8ClampedArray, at: number): number {
  const alpha = (pixels[at | 3] ?? 0) / 255;
  return (pixels[at] ?? 0) * alpha + 255 * (1 - alpha);
}

it.each([
  ['a cut-out', {}],
  ['a clean mask on a colour', { cleanMask: true, background: '#ff8800' }],
  ['a soft edge on a colour', { feather: 40, background: '#102030' }],
  ['darkened edges', { edges: 'premultiplied', feather: 6 }],
  ['a clean mask with a soft edge', { cleanMask: true, feather: 5 }],
  ['the mask', { output: 'mask' }],
  ['the mask, cleaned and soft', { output: 'mask', cleanMask: true, feather: 20 }],
])('shows %s as the operation makes it, within one level of 255', async (_, options) => {
  const preview = new Uint8ClampedArray(source.pixels.length);
  drawCutOut(preview, source, removeBackground.options.parse(options));
  const result = await sharp((await made(options)).bytes)
    .resize(previewWidth)
    .toColourspace('srgb')
    .ensureAlpha()
    .raw()
    .toBuffer();
  expect(result).toHaveLength(preview.length);
  const { mean, mostly } = differenceOnWhite(preview, result);
  expect(mean).toBeLessThan(1);
  expect(mostly).toBeLessThan(8);
});
