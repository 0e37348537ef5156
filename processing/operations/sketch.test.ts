import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkInput } from '../input-gate.ts';
import { defaultInputLimits } from '../input-limits.ts';
import type { OperationOutput } from '../operation.ts';
import { asSharp, type Drawing, drawScene } from '../testing/drawings.ts';
import { goldenSketches, goldenSketchUrl } from '../testing/golden-sketches.ts';
import { sketch } from './sketch.ts';

const scene = drawScene(160, 120);
const plain = { blur: 21, format: 'png' } as const;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-sketch-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function sketchOf(
  bytes: Uint8Array,
  options: Parameters<typeof sketch.make>[1] = plain,
): Promise<OperationOutput> {
  const path = join(folder, 'input');
  await writeFile(path, bytes);
  return await sketch.make(await checkInput(path, defaultInputLimits), options);
}

/** Samples of a grey result; fails where it has another form. */
async function samplesOf(output: OperationOutput): Promise<Uint8Array> {
  const { data, info } = await sharp(output.bytes)
    .toColourspace('b-w')
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect(info).toMatchObject({ width: output.width, height: output.height, channels: 1 });
  return data;
}

async function sketchSamples(bytes: Uint8Array): Promise<Uint8Array> {
  return await samplesOf(await sketchOf(bytes));
}

function meanDifference(a: Uint8Array, b: Uint8Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((sum, value, index) => sum + Math.abs(value - (b[index] ?? 0)), 0) / a.length;
}

function pngOf(drawing: Drawing): Promise<Buffer> {
  return asSharp(drawing).png().toBuffer();
}

test.each(goldenSketches)(
  "a kernel of $blur on $width x $height gives OpenCV's drawing within 2 levels on average",
  async (golden) => {
    const expected = await sharp(fileURLToPath(goldenSketchUrl(golden)))
      .extractChannel(0)
      .raw()
      .toBuffer();
    const picture = await pngOf(drawScene(golden.width, golden.height));
    const drawn = await samplesOf(await sketchOf(picture, { blur: golden.blur, format: 'png' }));
    expect(meanDifference(drawn, expected)).toBeLessThan(2);
  },
);

test('the golden drawings differ from one another by more than the tolerance', async () => {
  for (const blur of [3, 21]) {
    const golden = goldenSketchUrl({ width: 160, height: 120, blur });
    const expected = await sharp(fileURLToPath(golden)).extractChannel(0).raw().toBuffer();
    const other = await samplesOf(await sketchOf(await pngOf(scene), { blur: 51, format: 'png' }));
    expect(meanDifference(other, expected)).toBeGreaterThan(2.5);
  }
});

function flat(value: number): Drawing {
  return { data: new Uint8Array(30 * 20 * 3).fill(value), width: 30, height: 20 };
}

test('flat areas turn white whatever the kernel', async () => {
  for (let blur = 3; blur <= 99; blur += 2) {
    for (const value of [70, 130, 230]) {
      const drawn = await samplesOf(await sketchOf(await pngOf(flat(value)), { blur, format: 'png' }));
      expect(Math.min(...drawn), `kernel ${blur}, level ${value}`).toBe(255);
    }
  }
});

test('flat areas turn white, and black stays black', async () => {
  for (const value of [1, 90, 255]) {
    const drawn = await sketchSamples(await pngOf(flat(value)));
    expect(Math.min(...drawn)).toBe(255);
  }
  const black = await sketchSamples(await pngOf(flat(0)));
  expect(Math.max(...black)).toBe(0);
});

test.each([
  ['png', 'png', 'png'],
  ['jpeg', 'jpg', 'jpeg'],
  ['webp', 'webp', 'webp'],
] as const)('format %s', async (format, extension, detected) => {
  const output = await sketchOf(await pngOf(scene), { blur: 21, format });
  expect(output).toMatchObject({ extension, width: 160, height: 120, model: null });
  const metadata = await sharp(output.bytes).metadata();
  expect(metadata).toMatchObject({ format: detected, width: 160, height: 120, hasAlpha: false });
  if (format !== 'webp') expect(metadata).toMatchObject({ channels: 1, space: 'b-w' });
  const lossless = await sketchSamples(await pngOf(scene));
  expect(meanDifference(await samplesOf(output), lossless)).toBeLessThan(format === 'png' ? 1e-9 : 6);
});

test.each([
  [1, 1],
  [2, 3],
  [3, 5],
  [7, 1],
])('a picture of %i x %i', async (width, height) => {
  for (const format of ['png', 'jpeg', 'webp'] as const) {
    const output = await sketchOf(await pngOf(drawScene(width, height)), { blur: 99, format });
    expect(await samplesOf(output)).toHaveLength(width * height);
  }
});

test('a picture of several stripes is one whole', async () => {
  const tall = drawScene(700, 1_700);
  const drawn = await samplesOf(await sketchOf(await pngOf(tall)));
  // The lowest rows do not depend on what is far above them.
  const rows = 200;
  const bottom = {
    data: tall.data.subarray((1_700 - rows) * 700 * 3),
    width: 700,
    height: rows,
  };
  const alone = await sketchSamples(await pngOf(bottom));
  expect(meanDifference(drawn.subarray((1_700 - 100) * 700), alone.subarray(100 * 700))).toBe(0);
});

test.each([1, 2, 3, 4, 5, 6, 7, 8])('EXIF orientation %i is applied', async (orientation) => {
  const stored = await asSharp(scene).png().withMetadata({ orientation }).toBuffer();
  // sharp's own upright picture, in another file, is the expectation: 5 to 8 swap the sides.
  const upright = await sharp(stored).autoOrient().png().toBuffer();
  const output = await sketchOf(stored);
  expect(output).toMatchObject(orientation < 5 ? { width: 160, height: 120 } : { width: 120, height: 160 });
  expect(meanDifference(await samplesOf(output), await sketchSamples(upright))).toBe(0);
});

test('orientations differ from one another', async () => {
  const as = async (orientation: number): Promise<Uint8Array> =>
    await sketchSamples(await asSharp(scene).png().withMetadata({ orientation }).toBuffer());
  expect(meanDifference(await as(1), await as(3))).toBeGreaterThan(5);
  expect(meanDifference(await as(6), await as(8))).toBeGreaterThan(5);
});

test('transparency lies on white', async () => {
  const overlay = { data: new Uint8Array(160 * 120 * 4).fill(0), width: 160, height: 120 };
  // A disc of opaque black in the middle of full transparency, whose hidden colour is black too.
  for (let y = 0; y < 120; y++) {
    for (let x = 0; x < 160; x++) {
      if ((x - 80) ** 2 + (y - 60) ** 2 < 900) overlay.data[(y * 160 + x) * 4 + 3] = 255;
    }
  }
  const raw = { width: 160, height: 120, channels: 4 } as const;
  const drawn = await sketchSamples(await sharp(overlay.data, { raw }).png().toBuffer());
  expect(drawn[0]).toBe(255);
  expect(drawn[60 * 160 + 80]).toBe(0);
});

test('16 bits a sample give the drawing of their upper 8', async () => {
  const deep = await asSharp(scene).toColourspace('rgb16').png().toBuffer();
  expect(await sharp(deep).metadata()).toMatchObject({ depth: 'ushort' });
  expect(meanDifference(await sketchSamples(deep), await sketchSamples(await pngOf(scene)))).toBeLessThan(1);
});

test('a grey picture, of 8 or 16 bits, gives the drawing of its equal channels', async () => {
  const grey = asSharp(scene).greyscale();
  const asRgb = await sharp(await grey.clone().toColourspace('srgb').png().toBuffer())
    .png()
    .toBuffer();
  const expected = await sketchSamples(asRgb);
  const eight = await grey.clone().toColourspace('b-w').png().toBuffer();
  const sixteen = await grey.clone().toColourspace('grey16').png().toBuffer();
  expect(await sharp(eight).metadata()).toMatchObject({ channels: 1 });
  expect(await sharp(sixteen).metadata()).toMatchObject({ channels: 1, depth: 'ushort' });
  expect(meanDifference(await sketchSamples(eight), expected)).toBe(0);
  expect(meanDifference(await sketchSamples(sixteen), expected)).toBeLessThan(1);
});

test('a palette picture gives the drawing of its colours', async () => {
  const palette = await asSharp(scene).png({ palette: true, colours: 64, dither: 0 }).toBuffer();
  const colours = await sharp(palette).toColourspace('srgb').png({ palette: false }).toBuffer();
  expect(meanDifference(await sketchSamples(palette), await sketchSamples(colours))).toBe(0);
});

test('a CMYK JPEG gives nearly the drawing of its RGB original', async () => {
  const cmyk = await asSharp(scene).toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer();
  expect(await sharp(cmyk).metadata()).toMatchObject({ space: 'cmyk', channels: 4 });
  expect(meanDifference(await sketchSamples(cmyk), await sketchSamples(await pngOf(scene)))).toBeLessThan(12);
});

test('an embedded ICC profile is converted to sRGB', async () => {
  const wide = await asSharp(scene).withIccProfile('p3').png().toBuffer();
  const profile = (await sharp(wide).metadata()).icc;
  expect(profile).toBeDefined();
  const converted = meanDifference(await sketchSamples(wide), await sketchSamples(await pngOf(scene)));
  // The same samples read as sRGB, as a decoder does that ignores profiles.
  const { data } = await sharp(wide, { ignoreIcc: true }).raw().toBuffer({ resolveWithObject: true });
  const ignored = await sketchSamples(await pngOf({ data, width: 160, height: 120 }));
  expect(converted).toBeLessThan(meanDifference(ignored, await sketchSamples(await pngOf(scene))));
});

test.each(['png', 'jpeg', 'webp'] as const)('no metadata of the source survives in %s', async (format) => {
  const source = await asSharp(scene)
    .jpeg()
    .withExif({
      IFD0: { Copyright: 'a secret name', Make: 'secret camera' },
      IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '51/1 30/1 3230/100' },
    })
    .withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/"><secret/></x:xmpmeta>')
    .withIccProfile('p3')
    .toBuffer();
  const before = await sharp(source).metadata();
  expect([before.exif, before.xmp, before.icc].every(Boolean)).toBe(true);
  const { bytes } = await sketchOf(source, { blur: 21, format });
  const after = await sharp(bytes).metadata();
  for (const kind of ['exif', 'xmp', 'icc', 'iptc', 'orientation', 'comments'] as const) {
    expect(after[kind]).toBeUndefined();
  }
  expect(Buffer.from(bytes).toString('latin1')).not.toMatch(/secret|GPS|Exif|xmpmeta|ICC/);
});

test('what WebP cannot hold is made as PNG, with a note', async () => {
  const create = { width: 16_384, height: 330, channels: 3, background: '#808080' } as const;
  const wide = await sharp({ create }).png().toBuffer();
  const output = await sketchOf(wide, { blur: 3, format: 'webp' });
  expect(output).toMatchObject({
    extension: 'png',
    notes: ['Made as PNG: WebP holds at most 16,383 pixels a side.'],
  });
});
