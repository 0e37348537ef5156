import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeBackground as declared } from '@spillway/core/operations/remove-background.ts';
import { openLibrary } from '@spillway/models/library.ts';
import { type SaliencyFormName, saliencyForms } from '@spillway/models/saliency-forms.ts';
import { InferenceSession } from 'onnxruntime-node';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { checkInput } from '../input-gate.ts';
import { defaultInputLimits } from '../input-limits.ts';
import type { OperationOutput } from '../operation.ts';
import { asSharp, drawScene } from '../testing/drawings.ts';
import { difference, golden, modelAt, writeVastNet } from '../testing/saliency/fixtures.ts';
import { createRemoveBackground } from './remove-background.ts';

/** Levels of 0..255: the mean is what the two decoders' and resamplers' roundings may make of the net's input. */
const tolerance = { mean: 1, max: 12 };

// OpenCV takes long to compile on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

const removeBackground = createRemoveBackground();

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-cut-out-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function run(
  picture: string,
  options: Record<string, unknown> = {},
  model = modelAt(golden('net.onnx')),
): Promise<OperationOutput> {
  const image = await checkInput(picture, defaultInputLimits);
  const models = {
    saliency: async () => model,
    caption: () => Promise.reject(new Error('Nobody asks for a caption here.')),
  };
  return await removeBackground.make(image, declared.options.parse(options), { models, threads: 1 });
}

async function maskOf(picture: string, options = {}, model = modelAt(golden('net.onnx'))) {
  const output = await run(picture, { ...options, output: 'mask' }, model);
  const { data, info } = await sharp(output.bytes)
    .toColourspace('b-w')
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect(info).toMatchObject({ width: output.width, height: output.height, channels: 1 });
  return { data, width: info.width, height: info.height };
}

async function channelsOf(png: string | Uint8Array, channels: number): Promise<Buffer> {
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  expect(info.channels).toBe(channels);
  return data;
}

async function goldenMask(name: string): Promise<Buffer> {
  return await sharp(golden(`${name}.mask.png`))
    .extractChannel(0)
    .raw()
    .toBuffer();
}

function expectNear(a: Uint8Array, b: Uint8Array, limits = tolerance): void {
  const { mean, max } = difference(a, b);
  expect(mean).toBeLessThanOrEqual(limits.mean);
  expect(max).toBeLessThanOrEqual(limits.max);
}

/** A picture drawn as SVG. */
async function draw(name: string, width: number, height: number, shapes: string): Promise<string> {
  const path = join(folder, name);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${shapes}</svg>`;
  await writeFile(path, await sharp(Buffer.from(svg)).flatten({ background: '#fff' }).png().toBuffer());
  return path;
}

const disc = '<circle cx="200" cy="150" r="80" fill="#d02020"/>';
const inDisc = (x: number, y: number): boolean => (x + 0.5 - 200) ** 2 + (y + 0.5 - 150) ** 2 < 80 ** 2;

/** Intersection over union of a mask's upper half with what is really there. */
function overlap(mask: { data: Uint8Array; width: number }, isInside: typeof inDisc): number {
  let both = 0;
  let either = 0;
  for (const [at, level] of mask.data.entries()) {
    const found = level >= 128;
    const real = isInside(at % mask.width, Math.floor(at / mask.width));
    if (found && real) both++;
    if (found || real) either++;
  }
  return both / either;
}

test.each([
  ['RGB', 'plain.png'],
  ['transparency', 'alpha.png'],
  ['grey', 'grey.png'],
  ['16 bits', 'deep.png'],
  ['a palette', 'palette.png'],
  ['EXIF orientation 6', 'rotated.jpg'],
  ['an animation', 'animated.gif'],
  ['one pixel', 'pixel.png'],
  ['two columns', 'thin.png'],
  ['longer than the net’s side one way only', 'wide.png'],
  ['nothing light', 'dark.png'],
])("a picture with %s has rembg's mask", async (_, file) => {
  const mask = await maskOf(golden(file));
  expectNear(mask.data, await goldenMask(file.replace(/\..*/, '')));
});

/** The forms of nets, on a small one whose map depends on how the picture is given to it. */
const ofForm = (form: Exclude<SaliencyFormName, 'u2net'>) =>
  modelAt(golden(`form-${form === 'u2net_cloth_seg' ? 'clothes' : 'map'}.onnx`), saliencyForms[form]);

test.each(['isnet', 'isnet-anime', 'birefnet', 'bria-rmbg'] as const)(
  "a net of the form %s is given the picture, and read, as rembg's session does",
  async (form) => {
    const { data } = await maskOf(golden('plain.png'), {}, ofForm(form));
    expectNear(data, await goldenMask(`form-${form}`));
  },
);

test('the masks of different forms differ by more than the tolerance', async () => {
  const forms = ['isnet', 'isnet-anime', 'birefnet', 'bria-rmbg'];
  const masks = await Promise.all(forms.map(async (form) => await goldenMask(`form-${form}`)));
  for (const [index, mask] of masks.entries()) {
    for (const other of masks.slice(index + 1)) expect(difference(mask, other).mean).toBeGreaterThan(4);
  }
});

test("the kinds of clothes are rembg's, and all of them together", async () => {
  const model = ofForm('u2net_cloth_seg');
  const all = await maskOf(golden('plain.png'), { clothes: 'all' }, model);
  const kinds = ['upper', 'lower', 'full'];
  const expected = await Promise.all(
    kinds.map(async (kind) => await goldenMask(`form-u2net_cloth_seg.${kind}`)),
  );
  for (const [index, clothes] of kinds.entries()) {
    const { data } = await maskOf(golden('plain.png'), { clothes }, model);
    // A pixel whose greatest channel is another one by a rounding turns over.
    expectNear(data, expected[index] ?? Buffer.alloc(0), { mean: 1, max: 255 });
  }
  const union = all.data.map((_, at) => Math.max(...expected.map((mask) => mask[at] ?? 0)));
  expectNear(all.data, union, { mean: 1, max: 255 });
});

test('a net for clothes with other channels is refused', async () => {
  const model = modelAt(golden('form-map.onnx'), saliencyForms.u2net_cloth_seg);
  await expect(run(golden('plain.png'), {}, model)).rejects.toMatchObject({
    code: 'model_invalid',
    message: expect.stringContaining('1 channels and not 4'),
  });
});

test('a guess at how a net wants its picture is said where its side is not that of a U²-Net', async () => {
  const guessed = (side: number) =>
    modelAt(golden('form-map.onnx'), { isGuess: true, input: { ...saliencyForms.u2net.input, side } });
  const { notes } = await run(golden('plain.png'), {}, guessed(1_024));
  expect(notes).toEqual([expect.stringContaining('1024 pixels a side are more like another net’s')]);
  expect(notes[0]).toContain('--model-input, or in form-map.json beside the model');
  expect((await run(golden('plain.png'), {}, guessed(320))).notes).toEqual([]);
  expect((await run(golden('plain.png'), {}, ofForm('isnet'))).notes).toEqual([]);
});

test('what a licence forbids is said on the result', async () => {
  const notice = 'Made by bria-rmbg, whose licence forbids commercial use.';
  const { notes } = await run(golden('plain.png'), {}, modelAt(golden('net.onnx'), { notice }));
  expect(notes).toEqual([notice]);
});

test("a CMYK JPEG has nearly rembg's mask, which knows no colour profiles", async () => {
  const mask = await maskOf(golden('cmyk.jpg'));
  expectNear(mask.data, await goldenMask('cmyk'), { mean: 12, max: 80 });
});

test("a large JPEG, of which only a part is decoded, has rembg's mask", async () => {
  const { data, width, height } = await maskOf(golden('large.jpg'));
  expect([width, height]).toEqual([1_200, 760]);
  const expected = await goldenMask('large');
  const sampled = expected.map((_, at) => data[Math.floor(at / 150) * 8 * width + (at % 150) * 8] ?? 0);
  expectNear(sampled, expected);
});

test('the masks of different pictures differ by far more than the tolerance', async () => {
  const masks = await Promise.all(['grey', 'deep', 'palette', 'dark'].map(goldenMask));
  for (const [index, mask] of masks.entries()) {
    for (const other of masks.slice(index + 1)) expect(difference(mask, other).mean).toBeGreaterThan(8);
  }
});

test.each(['straight', 'premultiplied'])("a cut-out with %s edges is rembg's", async (edges) => {
  const output = await run(golden('plain.png'), { edges });
  expect(output).toMatchObject({ extension: 'png', width: 200, height: 150 });
  expectNear(await channelsOf(output.bytes, 4), await channelsOf(golden(`plain.${edges}.png`), 4));
});

test("transparency that a picture has stays, in rembg's way", async () => {
  const expected = await channelsOf(golden('alpha.premultiplied.png'), 4);
  const premultiplied = await run(golden('alpha.png'), { edges: 'premultiplied' });
  expectNear(await channelsOf(premultiplied.bytes, 4), expected);
  const straight = await channelsOf((await run(golden('alpha.png'))).bytes, 4);
  const source = await channelsOf(golden('alpha.png'), 4);
  const colours = (pixels: Buffer): Buffer => Buffer.from(pixels.filter((_, at) => at % 4 !== 3));
  const alphas = (pixels: Buffer): Buffer => Buffer.from(pixels.filter((_, at) => at % 4 === 3));
  expect(colours(straight).equals(colours(source))).toBe(true);
  expectNear(alphas(straight), alphas(expected));
});

test('the colour (200, 100, 50) half kept', async () => {
  // Somewhere the net's map of it has the level 128.
  const source = await draw('plain-colour.png', 400, 300, '<rect width="400" height="300" fill="#c86432"/>');
  const straight = await channelsOf((await run(source)).bytes, 4);
  const dark = await channelsOf((await run(source, { edges: 'premultiplied' })).bytes, 4);
  const at = findPixel(straight, [200, 100, 50, 128]);
  expect([...dark.subarray(at, at + 4)]).toEqual([100, 50, 25, 128]);
});

function findPixel(pixels: Buffer, pixel: number[]): number {
  for (let at = 0; at < pixels.length; at += 4) {
    if (pixel.every((sample, channel) => pixels[at + channel] === sample)) return at;
  }
  throw new Error(`No pixel is ${pixel}.`);
}

test("cleanMask is rembg's post-processing, and nothing but black and white", async () => {
  const clean = await maskOf(golden('plain.png'), { cleanMask: true });
  const expected = await sharp(golden('plain.clean.png')).extractChannel(0).raw().toBuffer();
  expect(new Set(clean.data)).toEqual(new Set([0, 255]));
  // A level of difference along the threshold turns a pixel over.
  expectNear(clean.data, expected, { mean: 1, max: 255 });
});

test('feather softens the mask as a Gaussian does, after it is cleaned', async () => {
  const plain = await maskOf(golden('plain.png'), { cleanMask: true });
  const soft = await maskOf(golden('plain.png'), { cleanMask: true, feather: 4 });
  const blurred = await sharp(plain.data, { raw: { width: plain.width, height: plain.height, channels: 1 } })
    .toColourspace('b-w')
    .blur({ sigma: 4, precision: 'float', minAmplitude: 0.01 })
    .raw()
    .toBuffer();
  // Three boxes are not quite a Gaussian, and neither is a kernel of integers.
  expectNear(soft.data, blurred, { mean: 1, max: 10 });
  expect(difference(soft.data, plain.data).max).toBeGreaterThan(50);
});

test('a background colour lies behind the subject, without transparency', async () => {
  for (const edges of ['straight', 'premultiplied']) {
    const output = await run(golden('plain.png'), { background: '#3060f0', edges });
    const flat = await channelsOf(output.bytes, 3);
    const source = await channelsOf(golden('plain.png'), 3);
    const mask = await goldenMask('plain');
    const expected = source.map((value, at) => {
      const kept = (mask[Math.floor(at / 3)] ?? 0) / 255;
      return Math.round(value * kept + ([0x30, 0x60, 0xf0][at % 3] ?? 0) * (1 - kept));
    });
    expectNear(flat, expected);
  }
});

test('a WebP cut-out has the transparency of the PNG; a WebP mask is lossless', async () => {
  const source = golden('plain.png');
  const [png, webp] = await Promise.all([run(source), run(source, { format: 'webp' })]);
  expect(webp.extension).toBe('webp');
  const alpha = async ({ bytes }: OperationOutput) => await sharp(bytes).extractChannel(3).raw().toBuffer();
  expect((await alpha(webp)).equals(await alpha(png))).toBe(true);
  const mask = await maskOf(source, { format: 'webp' });
  expect(mask.data.equals((await maskOf(source)).data)).toBe(true);
});

test('the result names its model', async () => {
  const install = 'npx spillway models fetch u2netp';
  const model = modelAt(golden('net.onnx'), { name: 'built-in', install });
  const output = await run(golden('plain.png'), {}, model);
  expect(output.model).toEqual({ name: 'built-in', sha256: 'a'.repeat(64), builtIn: false, install });
});

test('a picture of 1 x 4000 is refused by the gate', async () => {
  const path = join(folder, 'line.png');
  await asSharp(drawScene(1, 4_000)).png().toFile(path);
  await expect(run(path)).rejects.toMatchObject({ code: 'aspect_too_extreme' });
});

test('no metadata of the source survives', async () => {
  const path = join(folder, 'metadata.jpg');
  const exif = {
    IFD0: { Copyright: 'a secret name' },
    IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '51/1 30/1 0/1' },
  };
  await asSharp(drawScene(80, 60)).jpeg().withExif(exif).withIccProfile('p3').toFile(path);
  for (const options of [{}, { format: 'webp' }, { output: 'mask' }, { output: 'mask', format: 'webp' }]) {
    const after = await sharp((await run(path, options)).bytes).metadata();
    for (const kind of ['exif', 'xmp', 'icc', 'iptc'] as const) expect(after[kind]).toBeUndefined();
  }
});

test('a damaged picture is refused', async () => {
  for (const file of ['large.jpg', 'plain.png']) {
    const path = join(folder, file);
    const bytes = await readFile(golden(file));
    await writeFile(path, bytes.subarray(0, bytes.length >> 1));
    await expect(run(path)).rejects.toMatchObject({ code: 'corrupt_image' });
  }
});

test('where nothing stands out the mask is empty', async () => {
  const model = modelAt(golden('odd-flat-map.onnx'));
  for (const refine of ['none', 'grabcut']) {
    expect(new Set((await maskOf(golden('plain.png'), { refine }, model)).data)).toEqual(new Set([0]));
  }
  const cutOut = await run(golden('plain.png'), {}, model);
  expect(Math.max(...(await sharp(cutOut.bytes).extractChannel(3).raw().toBuffer()))).toBe(0);
  expect(cutOut.notes).toEqual(['Nothing stands out in this picture: the model’s map of it is nearly flat.']);
});

test.each([
  ['flattened', 'The model small cannot be used: its output is float32 1x307200 and not'],
  ['two-inputs', 'The model small cannot be used: it wants 2 inputs and not one.'],
  [
    'channels',
    'The model small cannot be used: its input is float32 1x1x320x320 and not float32 1x3x320x320.',
  ],
  ['no-numbers', 'The model’s weights are damaged: its map holds no numbers.'],
])('a model that is odd (%s) is refused in one sentence', async (name, sentence) => {
  const failure = await run(golden('plain.png'), {}, modelAt(golden(`odd-${name}.onnx`))).catch(
    (error) => error,
  );
  expect(failure).toMatchObject({ name: 'PermanentError', code: 'model_invalid' });
  expect(failure.message).toContain(sentence);
  // The next job is none the worse.
  await expect(run(golden('plain.png'))).resolves.toBeDefined();
});

test('a model whose side is not what the manifest says is refused', async () => {
  const model = modelAt(golden('net.onnx'), { input: { side: 512, mean: [0, 0, 0], std: [1, 1, 1] } });
  await expect(run(golden('plain.png'), {}, model)).rejects.toMatchObject({
    code: 'model_invalid',
    message: expect.stringContaining('float32 1x3x320x320 and not float32 1x3x512x512'),
  });
});

test('a model file that is missing, empty, truncated or something else', async () => {
  const bytes = await readFile(golden('net.onnx'));
  const missing = modelAt(join(folder, 'none.onnx'), { install: 'npx spillway models fetch u2netp' });
  await expect(run(golden('plain.png'), {}, missing)).rejects.toMatchObject({
    code: 'model_missing',
    message: expect.stringContaining('npx spillway models fetch u2netp'),
  });
  for (const damaged of [
    bytes.subarray(0, 0),
    bytes.subarray(0, 40_000),
    Buffer.from('<html>Not found</html>'),
  ]) {
    const path = join(folder, `${damaged.length}.onnx`);
    await writeFile(path, damaged);
    await expect(run(golden('plain.png'), {}, modelAt(path))).rejects.toMatchObject({
      code: 'model_invalid',
    });
  }
});

test('memory that runs out within onnxruntime is worth another try', async () => {
  const path = join(folder, 'vast.onnx');
  await writeVastNet(path);
  await expect(run(golden('plain.png'), {}, modelAt(path))).rejects.toMatchObject({
    name: 'RetryableError',
    code: 'out_of_memory',
    cause: expect.objectContaining({ message: expect.stringContaining('allocate memory') }),
  });
});

test('another model takes the place of the one before, whose memory is given back', async () => {
  const other = modelAt(join(folder, 'other.onnx'), { name: 'other' });
  await copyFile(golden('net.onnx'), other.path);
  const expected = await maskOf(golden('plain.png'));
  expect(removeBackground.loadedModels()).toEqual(['small']);
  const switchOver = async (): Promise<void> => {
    const [first, second] = await Promise.all([
      maskOf(golden('plain.png'), {}, other),
      maskOf(golden('plain.png')),
    ]);
    expect(first.data.equals(expected.data) && second.data.equals(expected.data)).toBe(true);
  };
  const sessions = watchSessions();
  for (let round = 0; round < 4; round++) await switchOver();
  expect(removeBackground.loadedModels()).toHaveLength(1);
  expect(sessions.length).toBeGreaterThanOrEqual(4);
  // The last one is in use.
  expect(sessions.filter(({ released }) => !released)).toEqual([sessions.at(-1)]);
});

/** The sessions that onnxruntime creates from here on, until the test ends. */
function watchSessions(): { released: boolean }[] {
  const sessions: { released: boolean }[] = [];
  const create = InferenceSession.create.bind(InferenceSession) as (
    path: string,
  ) => Promise<InferenceSession>;
  vi.spyOn(InferenceSession, 'create').mockImplementation(async (...given: unknown[]) => {
    const session = await create(...(given as [string]));
    const entry = { released: false };
    sessions.push(entry);
    const release = session.release.bind(session);
    session.release = async () => {
      await release();
      entry.released = true;
    };
    return session;
  });
  onTestFinished(() => void vi.restoreAllMocks());
  return sessions;
}

test('refine moves a soft edge to that of the picture', async () => {
  const source = await draw('disc.png', 400, 300, disc);
  const model = modelAt(golden('red.onnx'));
  const soft = await maskOf(source, {}, model);
  const refined = await maskOf(source, { refine: 'grabcut' }, model);
  const truth = refined.data.map((_, at) => (inDisc(at % 400, Math.floor(at / 400)) ? 255 : 0));
  expect(difference(soft.data, truth).mean).toBeGreaterThan(4);
  expect(difference(refined.data, truth).mean).toBeLessThan(2);
  expect(overlap(refined, inDisc)).toBeGreaterThan(0.95);
  const again = await maskOf(source, { refine: 'grabcut' }, model);
  expect(again.data.equals(refined.data)).toBe(true);
});

test('"auto" refines for a built-in model alone', async () => {
  const source = await draw('disc.png', 400, 300, disc);
  const mask = async (refine: string, builtIn: boolean): Promise<string> =>
    (await maskOf(source, { refine }, modelAt(golden('red.onnx'), { builtIn }))).data.toString('base64');
  const [none, grabcut] = [await mask('none', false), await mask('grabcut', false)];
  expect(none).not.toBe(grabcut);
  expect(await mask('auto', false)).toBe(none);
  expect(await mask('auto', true)).toBe(grabcut);
  expect(await mask('none', true)).toBe(none);
});

test('the built-in model cuts a drawn red circle out of white', async () => {
  const source = await draw('disc.png', 400, 300, disc);
  const model = await openLibrary(folder).saliency('built-in');
  const mask = await maskOf(source, {}, model);
  expect(overlap(mask, inDisc)).toBeGreaterThanOrEqual(0.95);
});

test('OpenCV leaves no handlers behind that would end the process', () => {
  const handlers = process.listeners('unhandledRejection').map(String);
  expect(handlers.filter((handler) => /abort/.test(handler))).toEqual([]);
});
