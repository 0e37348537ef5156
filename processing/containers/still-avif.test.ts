import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decodeRgb, restrictSharp } from '../decode.ts';
import { boxesOf } from '../heif-boxes.ts';
import { checkInput } from '../input-gate.ts';
import { defaultInputLimits } from '../input-limits.ts';
import { asSharp, drawScene } from '../testing/drawings.ts';

const scene = drawScene(64, 48);
let folder: string;
let still: Buffer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-avis-'));
  still = await asSharp(scene).avif({ effort: 0, quality: 80 }).toBuffer();
  restrictSharp(1);
});
afterAll(() => rm(folder, { recursive: true }));

async function firstFrame(bytes: Buffer, maxPages = defaultInputLimits.maxPages) {
  const path = join(folder, 'animated.avif');
  await writeFile(path, bytes);
  const image = await checkInput(path, { ...defaultInputLimits, maxPages });
  return await decodeRgb(image);
}

function difference(data: Uint8Array): number {
  return data.reduce((sum, value, at) => sum + Math.abs(value - (scene.data[at] ?? 0)), 0) / data.length;
}

function box(type: string, ...content: Buffer[]): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + content.reduce((sum, part) => sum + part.length, 0));
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, ...content]);
}

function numbers(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [place, value] of values.entries()) bytes.writeUInt32BE(value, 4 * place);
  return bytes;
}

/** The still's picture as the first of `frames` samples of a track, with nothing else in the file. */
function trackOf(frames: number): Buffer {
  const data = [...boxesOf(still)].find(({ type }) => type === 'mdat')?.content ?? Buffer.alloc(0);
  const start = still.indexOf('av1C') - 4;
  const av1C = still.subarray(start, start + still.readUInt32BE(start));
  const entry = Buffer.alloc(78);
  entry.writeUInt16BE(64, 24);
  entry.writeUInt16BE(48, 26);
  const moov = (offset: number) =>
    box(
      'moov',
      box(
        'trak',
        box(
          'mdia',
          box(
            'minf',
            box(
              'stbl',
              box('stsd', numbers(0, 1), box('av01', entry, av1C)),
              box('stsz', numbers(0, data.length, frames)),
              box('stco', numbers(0, 1, offset)),
            ),
          ),
        ),
      ),
    );
  const ftyp = box('ftyp', Buffer.from('avis\0\0\0\0avifavismsf1', 'latin1'));
  return Buffer.concat([ftyp, moov(ftyp.length + moov(0).length + 8), box('mdat', data)]);
}

test('an animated AVIF with a still picture beside its track shows that', async () => {
  const animated = Buffer.from(still);
  animated.write('avis', 8, 'latin1');
  const shown = await firstFrame(animated);
  expect(shown).toMatchObject({ width: 64, height: 48 });
  expect(difference(shown.data)).toBeLessThan(8);
});

test('an animated AVIF of nothing but a track shows its first frame', async () => {
  const shown = await firstFrame(trackOf(1));
  expect(shown).toMatchObject({ width: 64, height: 48 });
  expect(difference(shown.data)).toBeLessThan(8);
});

test('its frames are counted before a decoder looks for them', async () => {
  await expect(firstFrame(trackOf(20_000))).rejects.toMatchObject({
    code: 'image_too_large',
    message: 'The picture has 20000 frames; the limit is 10000.',
  });
});
