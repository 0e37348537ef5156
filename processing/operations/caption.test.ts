import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CaptionOptions } from '@spillway/core/operations/caption.ts';
import { type CaptionResult, captionResultSchema } from '@spillway/core/operations/caption.ts';
import { parseOptions } from '@spillway/core/operations.ts';
import { openModels } from '@spillway/models/library.ts';
import type { ModelsSettings } from '@spillway/models/settings.ts';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { checkInput } from '../input-gate.ts';
import { defaultInputLimits } from '../input-limits.ts';
import { createCaption } from './caption.ts';

/** Written by transformers: `models/train/captioner/evaluate.py --golden`. */
const golden = fileURLToPath(new URL('../../models/train/captioner/golden/', import.meta.url));
const goldenSchema = z.object({
  arguments: z.object({ min_length: z.int(), max_length: z.int() }),
  pictures: z.array(
    z.object({
      file: z.string(),
      captions: z.array(
        z.object({ prompt: z.string(), num_beams: z.int(), ids: z.array(z.int()), text: z.string() }),
      ),
    }),
  ),
});

const caption = createCaption();

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-caption-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function captionOf(
  path: string,
  options: Partial<CaptionOptions> = {},
  models: Partial<ModelsSettings> = {},
): Promise<CaptionResult> {
  const parsed = parseOptions('caption', options);
  if (!parsed.ok) throw new Error(parsed.message);
  const context = { models: openModels({ folder: join(folder, 'no-models'), ...models }), threads: 1 };
  const image = await checkInput(path, defaultInputLimits);
  const output = await caption.make(image, parsed.options as CaptionOptions, context);
  expect(output).toMatchObject({ extension: 'json', width: image.width, height: image.height });
  return captionResultSchema.parse(JSON.parse(Buffer.from(output.bytes).toString('utf8')));
}

/** Draws a picture of flat colours. */
async function draw(width: number, height: number, background: string, shapes: string): Promise<string> {
  const path = join(folder, 'drawn.png');
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
    <rect width="${width}" height="${height}" fill="${background}"/>${shapes}</svg>`;
  await sharp(Buffer.from(svg)).png().toFile(path);
  return path;
}

describe('the built-in model', () => {
  test.each([
    [
      640,
      480,
      'a red circle on a white background',
      'white',
      '<circle cx="320" cy="240" r="130" fill="red"/>',
    ],
    [
      400,
      400,
      'a red circle on a white background',
      'white',
      '<circle cx="210" cy="190" r="90" fill="red"/>',
    ],
    [
      300,
      200,
      'a red circle on a white background',
      'white',
      '<circle cx="150" cy="100" r="70" fill="red"/>',
    ],
    [
      500,
      400,
      'a green triangle on a black background',
      'black',
      '<path d="M250 60 L420 330 L80 330Z" fill="#00a000"/>',
    ],
    [
      480,
      480,
      'a blue square on a yellow background',
      '#ffe000',
      '<rect x="140" y="140" width="200" height="200" fill="#0030e0"/>',
    ],
  ])('says of a drawing of %i x %i: %s', async (width, height, said, background, shapes) => {
    const result = await captionOf(await draw(width, height, background, shapes));
    expect(result.caption).toBe(said);
  });

  test('says what is true of a plain dark picture and of a bright one', async () => {
    const dark = await captionOf(
      await draw(600, 400, '#141414', '<circle cx="90" cy="90" r="6" fill="#202020"/>'),
    );
    const bright = await captionOf(await draw(600, 400, '#fafafa', ''));
    expect(dark.caption).toMatch(/black|dark/);
    expect(bright.caption).toMatch(/white|bright/);
  });

  test('begins as a prompt asks, and names itself with the command that installs the real one', async () => {
    const path = await draw(640, 480, 'white', '<circle cx="320" cy="240" r="130" fill="red"/>');
    const result = await captionOf(path, { prompt: 'a picture of', beams: 2 });
    expect(result.caption).toBe('a picture of a red circle on a white background');
    expect(result.beams).toHaveLength(2);
    expect(result.model).toMatchObject({
      name: 'built-in-captioner',
      builtIn: true,
      install: 'npx spillway models fetch blip-image-captioning-base',
    });
    expect(caption.loadedModels()).toEqual(['built-in-captioner']);
  });

  test('speaks token for token as transformers does with its checkpoint', async () => {
    const { arguments: lengths, pictures } = goldenSchema.parse(
      JSON.parse(await readFile(join(golden, 'golden.json'), 'utf8')),
    );
    expect(pictures.length).toBeGreaterThan(0);
    const { min_length: minLength, max_length: maxLength } = lengths;
    for (const { file, captions } of pictures) {
      for (const { prompt, num_beams: beams, ids, text } of captions) {
        const result = await captionOf(join(golden, file), { prompt, beams, minLength, maxLength });
        expect({ file, prompt, beams, ids: result.ids, text: result.caption }).toEqual({
          ...{ file, prompt, beams, ids, text },
        });
      }
    }
  });
});

test('a model that is not installed is named, with the command that installs it', async () => {
  const path = await draw(64, 64, 'white', '');
  await expect(captionOf(path, { model: 'blip-image-captioning-base' })).rejects.toMatchObject({
    code: 'model_missing',
    message: expect.stringContaining('npx spillway models fetch blip-image-captioning-base'),
  });
});

test('a checkpoint of one’s own takes its place, and gives it back', async () => {
  const own = fileURLToPath(new URL('../testing/blip/tied', import.meta.url));
  const path = await draw(64, 64, 'white', '');
  const result = await captionOf(path, {}, { captionDirectory: own });
  expect(result.model).toMatchObject({ name: 'tied', builtIn: false, install: null });
  expect(caption.loadedModels()).toEqual(['tied']);
  await captionOf(path);
  expect(caption.loadedModels()).toEqual(['built-in-captioner']);
});

test('a prompt that leaves no room for a caption is refused', async () => {
  const path = await draw(64, 64, 'white', '');
  const refused = captionOf(path, { prompt: 'a picture of a picture of', maxLength: 6 });
  await expect(refused).rejects.toMatchObject({ code: 'invalid_options' });
});

test('pictures of every kind are captioned: grey, 16-bit, with alpha, of one pixel, turned by EXIF', async () => {
  const red = { r: 255, g: 0, b: 0 };
  const plain = (channels: 3 | 4, width = 40, height = 30) =>
    sharp({ create: { width, height, channels, background: { ...red, alpha: 0.5 } } });
  const pictures: Record<string, Promise<Uint8Array>> = {
    grey: plain(3).greyscale().png().toBuffer(),
    deep: plain(3).toColourspace('rgb16').png().toBuffer(),
    alpha: plain(4).png().toBuffer(),
    pixel: plain(3, 1, 1).png().toBuffer(),
    turned: plain(3).withMetadata({ orientation: 6 }).jpeg().toBuffer(),
    animated: plain(3).gif().toBuffer(),
  };
  for (const [name, bytes] of Object.entries(pictures)) {
    const path = join(folder, name);
    await writeFile(path, await bytes);
    const { caption: said } = await captionOf(path);
    expect(said, name).toMatch(/\w+ \w+/);
  }
});
