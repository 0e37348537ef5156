import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { quantiseCheckpoint } from '@spillway/models/blip/quantise.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drawScene } from '../testing/drawings.ts';
import { type Captioner, captionPicture, loadCaptioner } from './captioner.ts';

const builtIn = fileURLToPath(new URL('../../models/built-in/captioner', import.meta.url));
const greedy = { prompt: '', beams: 1, minLength: 5, maxLength: 40, repetitionPenalty: 1 };

let folder: string;
const shares: number[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-int8-'));
  await quantiseCheckpoint(builtIn, folder, (share) => shares.push(share));
});
afterAll(() => rm(folder, { recursive: true }));

test('takes a third of the room at most', async () => {
  const bytes = async (directory: string) => (await stat(join(directory, 'model.safetensors'))).size;
  expect(await bytes(folder)).toBeLessThan((await bytes(builtIn)) / 3);
  expect(shares.at(-1)).toBe(1);
  expect(shares).toEqual(shares.toSorted((a, b) => a - b));
});

test('says nearly always what the floats say', async () => {
  const [whole, quantised] = await Promise.all([captions(builtIn), captions(folder)]);
  const equal = whole.filter((ids, picture) => ids === quantised[picture]);
  // Of 200 such pictures 196 got the same ids; the others something as true, where two captions were as likely.
  expect(equal.length).toBeGreaterThanOrEqual(whole.length - 2);
});

async function captions(directory: string): Promise<string[]> {
  const captioner = await loadCaptioner(directory, 1);
  const ids: string[] = [];
  for (let seed = 1; seed <= 12; seed++) ids.push(await idsOf(captioner, seed));
  await captioner.release();
  return ids;
}

async function idsOf(captioner: Captioner, seed: number): Promise<string> {
  const caption = await captionPicture(captioner, { ...drawScene(120, 90, seed), channels: 3 }, greedy);
  return caption.ids.join(' ');
}
