import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PermanentError } from '@spillway/core/errors.ts';
import { checkInput } from '@spillway/processing/input-gate.ts';
import { defaultInputLimits } from '@spillway/processing/input-limits.ts';
import { makeBases } from '@spillway/processing/testing/hostile/bases.ts';
import { hostileFiles } from '@spillway/processing/testing/hostile/generate.ts';
import { checkFiles } from '@spillway/web/src/uploads/check-files.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-checks-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** What the page says of a file before it is sent; null where it sends it. */
async function pageSays(name: string, bytes: Buffer): Promise<string | null> {
  for await (const { leftOut } of checkFiles([new File([new Uint8Array(bytes)], name)])) {
    const [each] = leftOut;
    if (!each) return null;
    return each.why === 'refused' ? each.words : each.why;
  }
  return null;
}

/** What a worker's input gate says of it; null where it lets it pass. */
async function gateSays(bytes: Buffer): Promise<string | null> {
  const path = join(folder, 'picture');
  await writeFile(path, bytes);
  try {
    await checkInput(path, defaultInputLimits);
    return null;
  } catch (error) {
    if (error instanceof PermanentError) return error.message;
    throw error;
  }
}

it('sends every sound picture', async () => {
  for (const { name, bytes } of await makeBases()) {
    const worker = await gateSays(bytes);
    if (worker === null) expect([name, await pageSays(name, bytes)]).toEqual([name, null]);
  }
});

it('leaves out only what a worker would refuse, and calls what is no picture by the same name', async () => {
  let leftOut = 0;
  for (const { name, bytes } of hostileFiles(await makeBases(), 16, 300)) {
    const page = await pageSays(name, bytes);
    const worker = await gateSays(bytes);
    const kind = /^The file is (.+)\. Pictures that can be worked on/.exec(worker ?? '')?.[1];
    if (kind !== undefined && !kind.endsWith('which cannot be read here')) {
      expect([name, page]).toEqual([name, expect.stringContaining(`is ${kind}`)]);
    }
    if (page === null) continue;
    leftOut += 1;
    expect([name, page, worker]).toEqual([name, page, expect.any(String)]);
  }
  expect(leftOut).toBeGreaterThan(20);
});

it.each<[string, Buffer | string, string]>([
  [
    'letter.jpg',
    '%PDF-1.7\n%âãÏÓ\n1 0 obj\n<</Type/Catalog>>\nendobj\n',
    'is a PDF document, and no picture that can be worked on.',
  ],
  [
    'logo.png',
    '<svg xmlns="http://www.w3.org/2000/svg"/>',
    'is an SVG drawing, and no picture that can be worked on.',
  ],
  ['notes.jpg', 'No picture.', 'is a text file, and no picture that can be worked on.'],
  [
    'clip.jpg',
    Buffer.from('00000018667479706d703432000000006d70343269736f6d', 'hex'),
    'is a video, and no picture that can be worked on.',
  ],
  ['nothing.jpg', '', 'is empty.'],
  ['half.jpg', Buffer.from('ffd8ffe000104a464946', 'hex'), 'is cut off: it ends before its picture begins.'],
  ['noise.jpg', Buffer.from('e1b2c3d4e5f60718293a4b5c6d7e8f90', 'hex'), 'is of no kind that is known here.'],
])('%s: %s', async (name, bytes, words) => {
  expect(await pageSays(name, Buffer.from(bytes))).toBe(words);
});

it('keeps the order of a drop, and names what cannot be read', async () => {
  const { bytes } = (await makeBases()).find(({ name }) => name === 'baseline.jpg') ?? {};
  const picture = (name: string) => new File([new Uint8Array(bytes ?? Buffer.alloc(0))], name);
  const files = Array.from({ length: 100 }, (_, place) => picture(`${place}.jpg`));
  const broken = picture('broken.jpg');
  Object.defineProperty(broken, 'slice', {
    value: () => ({ arrayBuffer: () => Promise.reject(new DOMException('No.', 'NotReadableError')) }),
  });
  const good: string[] = [];
  const left: unknown[] = [];
  for await (const checked of checkFiles([...files.slice(0, 50), broken, ...files.slice(50)])) {
    good.push(...checked.good.map(({ name }) => name));
    left.push(...checked.leftOut);
  }
  expect(good).toEqual(files.map(({ name }) => name));
  expect(left).toEqual([{ name: 'broken.jpg', why: 'file-unreadable' }]);
});
