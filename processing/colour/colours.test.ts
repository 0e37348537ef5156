import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuiltInName, parseOptions } from '@spillway/core/operations.ts';
import { openModels } from '@spillway/models/library.ts';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodeRgb } from '../decode.ts';
import { checkInput } from '../input-gate.ts';
import { defaultInputLimits } from '../input-limits.ts';
import { createImageOperations } from '../operations.ts';
import { openSource } from '../saliency/picture-source.ts';
import type { Samples } from '../samples.ts';
import {
  encodedColours,
  inAdobeRgb,
  inLinearProPhoto,
  levelsOf,
  linearColour,
  wanted,
} from '../testing/colour/encoded-colour.ts';
import {
  colorants,
  greyProfile,
  iccProfile,
  matrixProfile,
  tableProfile,
} from '../testing/colour/icc-profile.ts';
import {
  chromaticitiesChunk,
  cicpChunk,
  flatPng,
  gammaChunk,
  type PngChunk,
  profileChunk,
  srgbChunk,
  withChunk,
} from '../testing/colour/png-file.ts';
import { asSharp, type Drawing, drawScene, seededRandom } from '../testing/drawings.ts';
import { codedPictureOf, writeHeif } from '../testing/heic/heif-file.ts';
import { flatPictures } from '../testing/heic/scene.ts';

/**
 * Levels by which a channel may miss: what 8 bits of another colour space round off, and lossy encoders. Taken for sRGB,
 * the least different of these colours misses by 16.
 */
const tolerance = 2;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-colours-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** The middle of a picture by each way to its pixels that an operation takes. */
async function middles(file: Uint8Array): Promise<Record<string, number[]>> {
  const path = join(folder, 'picture');
  await writeFile(path, file);
  const image = await checkInput(path, defaultInputLimits);
  const source = await openSource(image);
  return {
    // Sketches and captions.
    decoded: middleOf(await decodeRgb(image)),
    // What a cut-out keeps, and what its net looks at.
    full: middleOf(await source.full()),
    squashed: middleOf(await source.squashed(8)),
  };
}

function middleOf({ data, width, height, channels }: Samples): number[] {
  const at = (Math.floor(height / 2) * width + Math.floor(width / 2)) * channels;
  return [...data.subarray(at, at + channels)];
}

async function expectColour(
  file: Uint8Array,
  expected: readonly number[] = wanted,
  within = tolerance,
): Promise<void> {
  for (const [way, pixel] of Object.entries(await middles(file))) {
    for (const [channel, level] of expected.entries()) {
      const miss = Math.abs((pixel[channel] ?? Number.NaN) - level);
      expect(miss, `${way}: ${pixel}, expected ${expected}`).toBeLessThanOrEqual(within);
    }
  }
}

function rgbPng(shares: readonly number[], depth: 8 | 16, ...chunks: PngChunk[]): Buffer {
  return flatPng({ pixel: levelsOf(shares, depth), depth, colourType: 'rgb', chunks });
}

const srgbShares = wanted.map((level) => level / 255);

const profiles = [
  { name: 'sRGB', profile: matrixProfile(colorants.srgb, null), shares: srgbShares },
  {
    name: 'sRGB, version 4',
    profile: matrixProfile(colorants.srgb, null, { version: 4 }),
    shares: srgbShares,
  },
  { name: 'Display P3', profile: matrixProfile(colorants.p3, null), shares: encodedColours[0]?.pixel ?? [] },
  { name: 'Adobe RGB', profile: matrixProfile(colorants.adobeRgb, 563 / 256), shares: inAdobeRgb },
  {
    name: 'Adobe RGB, version 4',
    profile: matrixProfile(colorants.adobeRgb, 2.2, { version: 4 }),
    shares: inAdobeRgb,
  },
  { name: 'linear ProPhoto', profile: matrixProfile(colorants.proPhoto, 1), shares: inLinearProPhoto },
];

describe.each(profiles)('the ICC profile $name', ({ profile, shares }) => {
  test.each([8, 16] as const)('in a PNG of %i bits', async (depth) => {
    await expectColour(rgbPng(shares, depth, profileChunk(profile)));
  });

  test.each([8, 16] as const)('in a PNG of %i bits with alpha', async (depth) => {
    const pixel = levelsOf([...shares, 1], depth);
    const file = flatPng({ pixel, depth, colourType: 'rgba', chunks: [profileChunk(profile)] });
    await expectColour(file);
    expect((await middles(file)).full?.[3]).toBe(255);
  });

  test('in a PNG with a palette', async () => {
    const pixel = levelsOf(shares, 8);
    await expectColour(flatPng({ pixel, colourType: 'palette', chunks: [profileChunk(profile)] }));
  });

  test.each([8, 10, 12] as const)('in an AVIF of %i bits', async (bitdepth) => {
    const source = sharp(rgbPng(shares, 16, profileChunk(profile)))
      .keepIccProfile()
      .toColourspace('rgb16');
    const file = await source.avif({ bitdepth, lossless: true, effort: 0 }).toBuffer();
    expect(await sharp(file).metadata()).toMatchObject({ icc: profile, bitsPerSample: bitdepth });
    await expectColour(file);
  });

  test.each(['jpeg', 'webp'] as const)('in a %s', async (format) => {
    const source = sharp(rgbPng(shares, 8, profileChunk(profile))).keepIccProfile();
    const options = { jpeg: { quality: 100, chromaSubsampling: '4:4:4' }, webp: { lossless: true } };
    const file = await source.toFormat(format, options[format]).toBuffer();
    expect(await sharp(file).metadata()).toMatchObject({ icc: profile });
    await expectColour(file);
  });

  test('in a HEIC', async () => {
    // Nothing but the colour space is the profile's: what the flat picture of P3 holds becomes what it is there.
    const { file } = flatPictures[0] as (typeof flatPictures)[number];
    const plain = await heic(file, Buffer.concat([Buffer.from('prof'), profile]));
    const twin = rgbPng(flatPictures[0]?.pixel ?? [], 8, profileChunk(profile));
    await expectColour(plain, (await middles(twin)).decoded, 3);
  });
});

describe.each([
  { name: 'gamma 1.8', gamma: 1.8, share: 0.42672 },
  { name: 'linear', gamma: 1, share: 0.21586 },
])('the grey ICC profile of $name', ({ gamma, share }) => {
  const chunks = [profileChunk(greyProfile(gamma))];

  test.each([8, 16] as const)('in a grey PNG of %i bits', async (depth) => {
    await expectColour(
      flatPng({ pixel: levelsOf([share], depth), depth, colourType: 'grey', chunks }),
      [128, 128, 128],
    );
  });

  test.each([8, 16] as const)('in a grey PNG of %i bits with alpha', async (depth) => {
    const pixel = levelsOf([share, 1], depth);
    await expectColour(flatPng({ pixel, depth, colourType: 'grey-alpha', chunks }), [128, 128, 128]);
  });

  test('in a grey JPEG', async () => {
    const source = sharp(
      flatPng({ pixel: levelsOf([share], 8), colourType: 'grey', chunks }),
    ).keepIccProfile();
    await expectColour(await source.toColourspace('b-w').jpeg({ quality: 100 }).toBuffer(), [128, 128, 128]);
  });
});

describe.each([...encodedColours, linearColour])('$name by its numbers', ({ primaries, transfer, pixel }) => {
  const cicp = cicpChunk(primaries, transfer);
  /** In 8 bits a level of light is many of sRGB where it is dark. */
  const coarse = transfer === 8 ? 5 : 3;

  test('in a PNG of 16 bits', async () => {
    await expectColour(rgbPng(pixel, 16, cicp), wanted, 1);
  });

  test('in a PNG of 8 bits', async () => {
    await expectColour(rgbPng(pixel, 8, cicp), wanted, coarse);
  });

  test('in a PNG of 16 bits with alpha, which stays', async () => {
    const rgba = flatPng({
      pixel: levelsOf([...pixel, 0.5], 16),
      depth: 16,
      colourType: 'rgba',
      chunks: [cicp],
    });
    const { full } = await middles(rgba);
    expect(full?.[3]).toBe(128);
    expect(Math.abs((full?.[0] ?? 0) - wanted[0])).toBeLessThanOrEqual(1);
  });

  test('in a palette', async () => {
    const palette = flatPng({ pixel: levelsOf(pixel, 8), colourType: 'palette', chunks: [cicp] });
    await expectColour(palette, wanted, coarse);
  });

  test.each([
    [10, 2],
    [12, 1],
  ] as const)('in an AVIF of %i bits', async (bitdepth, within) => {
    await expectColour(await avif(pixel, bitdepth, primaries, transfer), wanted, transfer === 8 ? 3 : within);
  });
});

test.each([1, 12])('an AVIF of 8 bits with primaries %i is converted by its numbers', async (primaries) => {
  const pixel = primaries === 12 ? (encodedColours[0]?.pixel ?? []) : srgbShares;
  await expectColour(await avif(pixel, 8, primaries, 13));
});

test('an AVIF without numbers in its container has those of its stream', async () => {
  // libaom writes the numbers into both; the container's become a property that nobody knows.
  const pixel = encodedColours[0]?.pixel ?? [];
  const file = await avif(pixel, 8, 12, 13);
  const stream = file.indexOf('av1C');
  expect(stream).toBeGreaterThan(0);
  file.write('none', file.indexOf('colrnclx'), 'latin1');
  await expectColour(file, levelsOf(pixel, 8), tolerance);
});

test.each(flatPictures)('a HEIC of $depth bits in $name', async ({ file, depth, primaries, transfer }) => {
  const within = depth === 8 || transfer === 8 ? 4 : 3;
  await expectColour(await heic(file, nclx(primaries, transfer)), wanted, within);
});

async function avif(
  shares: readonly number[],
  bitdepth: 8 | 10 | 12,
  primaries: number,
  transfer: number,
): Promise<Buffer> {
  const source = sharp(rgbPng(shares, 16)).toColourspace('rgb16');
  const file = await source.avif({ bitdepth, lossless: true, effort: 0 }).toBuffer();
  const numbers = file.indexOf('colrnclx') + 8;
  expect(numbers).toBeGreaterThan(8);
  file.writeUInt16BE(primaries, numbers);
  file.writeUInt16BE(transfer, numbers + 2);
  return file;
}

async function heic(name: string, colour: Buffer): Promise<Buffer> {
  const path = fileURLToPath(new URL(`../testing/heic/${name}.heic`, import.meta.url));
  const tiles = [codedPictureOf(await readFile(path))];
  return writeHeif({ tiles, tileSize: [64, 64], colour });
}

/** The matrix is that of BT.601, as Debian's encoder uses it; of full range. */
function nclx(primaries: number, transfer: number): Buffer {
  return Buffer.concat([Buffer.from('nclx'), Buffer.from([0, primaries, 0, transfer, 0, 6, 0x80])]);
}

describe("PNG's own words", () => {
  const p3 = encodedColours[0]?.pixel ?? [];
  const inP3 = chromaticitiesChunk(0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06);
  const inSrgb = chromaticitiesChunk(0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06);
  const inAdobe = chromaticitiesChunk(0.3127, 0.329, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06);
  const adobe = profileChunk(matrixProfile(colorants.adobeRgb, 2.2));

  test.each([
    { name: 'a linear gamma', shares: linearColour.pixel, chunks: [gammaChunk(1)] },
    { name: 'a linear gamma with primaries', shares: linearColour.pixel, chunks: [gammaChunk(1), inSrgb] },
    { name: 'gamma and primaries of Adobe RGB', shares: inAdobeRgb, chunks: [gammaChunk(1 / 2.2), inAdobe] },
    { name: 'primaries alone', shares: p3, chunks: [inP3] },
    {
      name: 'sRGB, said with its gamma and primaries',
      shares: srgbShares,
      chunks: [gammaChunk(0.45455), inSrgb],
    },
    { name: "sRGB's gamma alone", shares: srgbShares, chunks: [gammaChunk(0.45455)] },
    { name: 'sRGB before gamma and primaries', shares: srgbShares, chunks: [srgbChunk, gammaChunk(1), inP3] },
    { name: 'a profile before sRGB', shares: inAdobeRgb, chunks: [adobe, srgbChunk, gammaChunk(1)] },
    { name: 'numbers before a profile', shares: p3, chunks: [cicpChunk(12, 13), adobe, srgbChunk] },
    { name: 'numbers of sRGB before a profile', shares: srgbShares, chunks: [cicpChunk(1, 13), adobe] },
    {
      name: 'numbers with a matrix, which count as none',
      shares: inAdobeRgb,
      chunks: [cicpChunk(12, 13, 6), adobe],
    },
    { name: 'numbers that say nothing', shares: inAdobeRgb, chunks: [cicpChunk(2, 2), adobe] },
    { name: 'a gamma of nothing', shares: srgbShares, chunks: [gammaChunk(0)] },
    {
      name: 'primaries on one line',
      shares: srgbShares,
      chunks: [chromaticitiesChunk(0.3, 0.3, 0.2, 0.2, 0.3, 0.3, 0.4, 0.4)],
    },
    { name: 'primaries of zero', shares: srgbShares, chunks: [chromaticitiesChunk(0, 0, 0, 0, 0, 0, 0, 0)] },
    {
      name: 'chunks of a wrong length',
      shares: srgbShares,
      chunks: [
        ['gAMA', Buffer.from([0, 1])],
        ['cICP', Buffer.from([9])],
      ] as PngChunk[],
    },
  ])('$name', async ({ shares, chunks }) => {
    await expectColour(rgbPng(shares, 16, ...chunks));
  });

  test('a chunk whose check is wrong counts as none', async () => {
    const file = rgbPng(srgbShares, 16, gammaChunk(1));
    file.writeUInt8(file.readUInt8(file.indexOf('gAMA') + 8) ^ 1, file.indexOf('gAMA') + 8);
    await expectColour(file);
  });

  test('numbers of narrow range, as in video', async () => {
    const narrow = p3.map((share) => (16 + 219 * share) / 255);
    await expectColour(rgbPng(narrow, 16, cicpChunk(12, 13, 0, 0)));
  });

  test.each([1, 2, 4] as const)('a gamma in %i bits of grey', async (depth) => {
    const highest = 2 ** depth - 1;
    const pixel = [Math.ceil(highest / 2)];
    const share = (pixel[0] ?? 0) / highest;
    const level = 255 * (1.055 * share ** (1 / 2.4) - 0.055);
    const file = flatPng({ pixel, depth, colourType: 'grey', chunks: [gammaChunk(1)] });
    await expectColour(file, [level, level, level], 1);
  });
});

test('HDR: white at 203 cd/m² is white, and what is brighter too', async () => {
  const pqOf203 = 0.5807;
  for (const [share, level] of [
    [pqOf203, 255],
    [0.9, 255],
    [1, 255],
    [0, 0],
  ] as const) {
    await expectColour(rgbPng([share, share, share], 16, cicpChunk(9, 16)), [level, level, level], 1);
  }
  await expectColour(rgbPng([0.75, 0.75, 0.75], 16, cicpChunk(9, 18)), [255, 255, 255], 1);
});

test('what sRGB cannot hold is cut off', async () => {
  await expectColour(rgbPng([0, 1, 0], 16, cicpChunk(9, 13)), [0, 255, 0]);
  await expectColour(rgbPng([1, 1, 1], 8, cicpChunk(12, 13)), [255, 255, 255], 0);
});

test('a picture too large to be converted at 16 bits is converted at 8', async () => {
  const { pixel = [] } = encodedColours[0] ?? {};
  const size = { width: 6_000, height: 4_100 };
  const file = flatPng({
    pixel: levelsOf(pixel, 16),
    depth: 16,
    colourType: 'rgb',
    chunks: [cicpChunk(12, 13)],
    ...size,
  });
  const path = join(folder, 'large');
  await writeFile(path, file);
  const picture = await decodeRgb(await checkInput(path, defaultInputLimits));
  expect(picture).toMatchObject({ ...size, channels: 3 });
  for (const [channel, level] of middleOf(picture).entries()) {
    expect(Math.abs(level - (wanted[channel] ?? 0))).toBeLessThanOrEqual(tolerance);
  }
});

describe('a profile that is broken or does not fit is ignored', () => {
  const good = matrixProfile(colorants.adobeRgb, 2.2);
  const cmyk = tableProfile({ space: 'CMYK' }, 4, ([c = 0, m = 0, y = 0, k = 0]) => [
    k ? 0 : 100 - 30 * (c + m + y),
    20,
    30,
  ]);
  const unfit = Object.entries({
    truncated: good.subarray(0, 200),
    'of noise': Buffer.alloc(400, 7),
    'of four channels': cmyk,
    'of grey': greyProfile(1),
    'without a curve': iccProfile({ space: 'RGB ' }, []),
    'that links two devices': matrixProfile(colorants.p3, null, { deviceClass: 'link' }),
    'that is abstract': matrixProfile(colorants.p3, null, { deviceClass: 'abst' }),
    'of named colours': matrixProfile(colorants.p3, null, { deviceClass: 'nmcl' }),
    'for Lab': matrixProfile(colorants.p3, null, { space: 'Lab ' }),
  }).map(([name, profile]) => ({ name, profile }));

  test.each(unfit)('$name', async ({ profile }) => {
    for (const depth of [8, 16] as const) {
      await expectColour(rgbPng(srgbShares, depth, profileChunk(profile)), wanted, 0);
      const rgba = { pixel: levelsOf([...srgbShares, 1], depth), depth, colourType: 'rgba' } as const;
      await expectColour(flatPng({ ...rgba, chunks: [profileChunk(profile)] }), wanted, 0);
    }
    const jpeg = await sharp(rgbPng(srgbShares, 8))
      .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
      .toBuffer();
    await expectColour(withProfile(jpeg, profile));
    const { file, pixel } = flatPictures[0] as (typeof flatPictures)[number];
    await expectColour(
      await heic(file, Buffer.concat([Buffer.from('prof'), profile])),
      levelsOf(pixel, 8),
      3,
    );
  });

  test('of colour in a grey picture', async () => {
    for (const depth of [8, 16] as const) {
      const grey = { pixel: levelsOf([100 / 255], depth), depth, colourType: 'grey' } as const;
      await expectColour(flatPng({ ...grey, chunks: [profileChunk(good)] }), [100, 100, 100], 0);
    }
  });

  test('of three channels or one in a CMYK picture', async () => {
    const plain = await sharp(rgbPng(srgbShares, 8)).toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer();
    expect(await sharp(plain).metadata()).toMatchObject({ space: 'cmyk' });
    const { decoded } = await middles(plain);
    for (const profile of [good, greyProfile(1), good.subarray(0, 300)]) {
      await expectColour(withProfile(plain, profile), decoded, 0);
    }
  });
});

test('a table of Lab colours is followed', async () => {
  // Corners of the cube: white is white, red is L 50, a 60, b 40.
  const table = tableProfile({ space: 'RGB ' }, 3, ([r = 0, g = 0, b = 0]) => [
    r + g + b === 3 ? 100 : 50 * Math.max(r, g, b),
    60 * (r - Math.max(g, b)) * r,
    40 * (r - Math.max(g, b)) * r,
  ]);
  // CIE Lab (50, 60, 40) under D50, by Bradford in sRGB: computed with colour-science.
  const expected = [214, 60, 55];
  for (const depth of [8, 16] as const) {
    await expectColour(rgbPng([1, 0, 0], depth, profileChunk(table)), expected, 3);
  }
});

test('a CMYK picture is seen through its own profile', async () => {
  // A printer whose magenta is a grey of half the lightness, and whose cyan and yellow are nothing.
  const profile = tableProfile({ space: 'CMYK' }, 4, ([, m = 0, , k = 0]) => [
    100 * (1 - k) * (1 - m / 2),
    0,
    0,
  ]);
  const plain = await sharp(rgbPng(srgbShares, 8)).toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer();
  const inks = await sharp(plain).pipelineColourspace('cmyk').toColourspace('cmyk').raw().toBuffer();
  const [magenta = 0, black = 0] = [1, 3].map((ink) => (inks[ink] ?? 0) / 255);
  const lightness = 100 * (1 - black) * (1 - magenta / 2);
  expect(lightness).toBeLessThan(75);
  // CIE 1976: relative luminance of a lightness.
  const level = 255 * (1.055 * ((lightness + 16) / 116) ** (3 / 2.4) - 0.055);
  await expectColour(withProfile(plain, profile), [level, level, level], 3);
});

test('a GIF is sRGB', async () => {
  await expectColour(await sharp(rgbPng(srgbShares, 8)).gif().toBuffer());
});

test('a picture with numbers is turned upright and keeps its transparency', async () => {
  const data = new Uint8Array(24 * 16 * 4).fill(255);
  for (let pixel = 0; pixel < 24 * 16; pixel++) {
    data.set([...levelsOf(encodedColours[0]?.pixel ?? [], 8), pixel % 24 < 12 ? 51 : 255], pixel * 4);
  }
  const stored = await sharp(data, { raw: { width: 24, height: 16, channels: 4 } })
    .withMetadata({ orientation: 6 })
    .png()
    .toBuffer();
  const path = join(folder, 'turned');
  await writeFile(path, withChunk(stored, cicpChunk(12, 13)));
  const image = await checkInput(path, defaultInputLimits);
  const full = await (await openSource(image)).full();
  expect(full).toMatchObject({ width: 16, height: 24, channels: 4 });
  // A quarter turn clockwise: the left half is above.
  expect([full.data[3], full.data[23 * 16 * 4 + 3]]).toEqual([51, 255]);
  expect(Math.abs((full.data[0] ?? 0) - wanted[0])).toBeLessThanOrEqual(tolerance);
});

describe('every operation takes a picture of linear light for what it shows', () => {
  const scene = drawScene(96, 64);

  /** The drawing in 16 bits of linear light, as its gamma says. */
  async function linear({ data, width, height }: Drawing): Promise<Buffer> {
    const levels = Uint16Array.from(data, (level) => {
      const share = level / 255;
      return Math.round(65_535 * (share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4));
    });
    const raw = { width, height, channels: 3 } as const;
    const png = await sharp(levels, { raw }).toColourspace('rgb16').png().toBuffer();
    expect(await sharp(png).metadata()).toMatchObject({ depth: 'ushort', channels: 3 });
    return withChunk(png, gammaChunk(1));
  }

  const models = openModels({ folder: join(tmpdir(), 'spillway-no-models') });
  const imageOperations = createImageOperations();

  async function resultOf<Name extends BuiltInName>(operation: Name, options: object, file: Buffer) {
    const path = join(folder, 'scene');
    await writeFile(path, file);
    const image = await checkInput(path, defaultInputLimits);
    const parsed = parseOptions(operation, options);
    if (!parsed.ok) throw new Error(parsed.message);
    return await imageOperations[operation].make(image, parsed.options as never, { models, threads: 1 });
  }

  test.each([
    ['sketch', {}],
    ['remove-background', { edges: 'straight', refine: 'none' }],
  ] as const)('%s', async (operation, options) => {
    const plain = await resultOf(operation, options, await asSharp(scene).png().toBuffer());
    const other = await resultOf(operation, options, await linear(scene));
    const [expected, found] = await Promise.all(
      [plain, other].map(({ bytes }) => sharp(bytes).raw().toBuffer()),
    );
    expect(found?.length).toBe(expected?.length);
    const misses = (found ?? Buffer.alloc(0)).map((level, index) =>
      Math.abs(level - (expected?.[index] ?? 0)),
    );
    // 16 bits of linear light hold 8 bits of sRGB.
    expect(Math.max(...misses)).toBe(0);
  });

  test('caption', async () => {
    const { bytes } = await resultOf('caption', {}, await asSharp(scene).png().toBuffer());
    const other = await resultOf('caption', {}, await linear(scene));
    const words = (result: Uint8Array) => JSON.parse(Buffer.from(result).toString()).caption;
    expect(words(other.bytes)).toBe(words(bytes));
  });
});

test('damaged words about colours end in a picture or a sentence', async () => {
  const random = seededRandom(5);
  const pixel = encodedColours[1]?.pixel ?? [];
  const { file } = flatPictures[2] as (typeof flatPictures)[number];
  const whole = [
    await avif(pixel, 10, 9, 16),
    rgbPng(pixel, 16, cicpChunk(9, 16), gammaChunk(1), profileChunk(matrixProfile(colorants.p3, null))),
    await heic(file, nclx(9, 16)),
  ];
  const path = join(folder, 'damaged');
  let refused = 0;
  const rounds = 90;
  for (let round = 0; round < rounds; round++) {
    const bytes = Buffer.from(whole[round % whole.length] ?? []);
    // Where containers say what colours mean, behind the marks that tell a file's type.
    for (let count = 0; count < 3; count++) {
      bytes[16 + Math.floor(random() * (bytes.length / 2))] = Math.floor(random() * 256);
    }
    await writeFile(path, random() < 0.2 ? bytes.subarray(0, Math.floor(random() * bytes.length)) : bytes);
    try {
      await decodeRgb(await checkInput(path, defaultInputLimits));
    } catch (error) {
      refused++;
      expect(error, `round ${round}`).toMatchObject({ name: 'PermanentError' });
    }
  }
  expect(refused).toBeGreaterThan(rounds / 10);
  expect(refused).toBeLessThan(rounds);
});

/** A JPEG with a profile in its APP2 segments (ICC.1:2022, annex B). */
function withProfile(jpeg: Buffer, profile: Buffer): Buffer {
  const head = Buffer.alloc(18);
  head.writeUInt16BE(0xffe2, 0);
  head.writeUInt16BE(16 + profile.length, 2);
  head.write('ICC_PROFILE\0\x01\x01', 4, 'latin1');
  return Buffer.concat([jpeg.subarray(0, 2), head, profile, jpeg.subarray(2)]);
}
