import { Readable } from 'node:stream';
import type { Blobs } from '@spillway/pipeline/ports/blobs.ts';
import { expect, test } from 'vitest';
import { problemSchema } from './schema.ts';
import { unzipped, visitorWithBatch } from './test-batches.ts';
import { createBrowser } from './test-client.ts';

const path = '/api/v1/batches/b1/archive';
const resultsOnly = (files: Map<string, string>) =>
  [...files].filter(([name]) => !name.startsWith('receipts/'));

test('an archive has every result in the order of the drop, named after its picture, with receipts and captions', async () => {
  const { browser, drop, dropDone, dropCaption } = await visitorWithBatch();
  await dropDone('Ünïcödé – 猫.jpg', 3, 'four');
  await dropDone('CAT.png', 2, 'three');
  await dropDone('cat.jpg', 0, 'one');
  await dropCaption('=cat(1).jpg', 1, 'a "cat", asleep');
  await drop('open.jpg', 4);
  const response = await browser.request(path);
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/zip']);
  expect(response.headers.get('content-disposition')).toMatch(/^attachment; filename="pictures\.zip"/);
  const files = await unzipped(await response.bytes());
  expect(resultsOnly(files)).toEqual([
    ['cat-sketch.png', 'one'],
    ['=cat(1)-caption.json', '{"caption":"a \\"cat\\", asleep"}'],
    ['CAT (2)-sketch.png', 'three'],
    ['Ünïcödé – 猫-sketch.png', 'four'],
    ['captions.csv', '\ufefffile,caption,model\r\n\'=cat(1).jpg,"a ""cat"", asleep",blip\r\n'],
  ]);
  expect(files.get('receipts/CAT (2)-sketch.receipt.json')).toBe('{}');
  expect(files.size).toBe(9);
});

test('what is gone is named, and the rest is there', async () => {
  const { site, browser, dropDone } = await visitorWithBatch();
  const { blobs } = site.memory;
  const gone = await dropDone('gone.jpg', 0, 'one');
  const halfGone = await dropDone('no-receipt.jpg', 1, 'two');
  await dropDone('there.jpg', 2, 'three');
  await blobs.remove('results', gone.result?.name ?? '');
  await blobs.remove('results', halfGone.result?.receipt ?? '');
  const files = await unzipped(await (await browser.request(path)).bytes());
  expect([...files.keys()]).toEqual([
    'receipts/gone-sketch.receipt.json',
    'no-receipt-sketch.png',
    'there-sketch.png',
    'receipts/there-sketch.receipt.json',
    'missing.txt',
  ]);
  expect(files.get('missing.txt')?.split('\n').slice(2, 4)).toEqual([
    'gone-sketch.png: it is gone.',
    'receipts/no-receipt-sketch.receipt.json: it is gone.',
  ]);
});

/** A bucket in which the first streams of this file break off after two bytes. */
function breaking(blobs: Blobs, name: string, times: number): Blobs['read'] {
  let left = times;
  return async (bucket, wanted, part) => {
    const opened = await blobs.read(bucket, wanted, part);
    if (!opened || wanted !== name || left-- <= 0) return opened;
    const stream = Readable.from(
      (async function* () {
        for await (const chunk of opened.stream) yield chunk.subarray(0, 2);
        throw new Error('Connection reset.');
      })(),
    );
    return { ...opened, stream };
  };
}

test('a stream that breaks off is read on from there, and a file that cannot be read to its end is named', async () => {
  const { site, browser, dropDone } = await visitorWithBatch();
  const [mended, short] = [
    await dropDone('mended.jpg', 0, 'whole'),
    await dropDone('short.jpg', 1, 'much longer than this'),
  ];
  const { blobs } = site.memory;
  const plain = { ...blobs };
  const first = { ...plain, read: breaking(plain, mended.result?.name ?? '', 2) };
  blobs.read = breaking(first, short.result?.name ?? '', 9);
  const files = await unzipped(await (await browser.request(path)).bytes());
  expect(files.get('mended-sketch.png')).toBe('whole');
  expect(files.get('short-sketch.png')).toBe('much lon');
  expect(files.get('missing.txt')).toContain('short-sketch.png: its end could not be read');
});

test('a reader who leaves ends the reading', async () => {
  const { site, browser, dropDone } = await visitorWithBatch();
  const { blobs } = site.memory;
  for (let index = 0; index < 20; index++) await dropDone(`${index}.jpg`, index, 'result');
  const streams: Readable[] = [];
  const { read } = blobs;
  blobs.read = async (...wanted) => {
    const opened = await read(...wanted);
    if (!opened) return null;
    // It never ends, so a file that is read is read until somebody leaves.
    const stream = new Readable({ read() {} });
    stream.push('result');
    streams.push(stream);
    return { ...opened, stream };
  };
  const { body } = await browser.request(path);
  const reader = body?.getReader();
  await reader?.read();
  await expect.poll(() => streams.length).toBeGreaterThan(0);
  await reader?.cancel();
  await expect.poll(() => streams.every(({ destroyed }) => destroyed)).toBe(true);
  expect(streams.length).toBeLessThan(10);
});

test('captions are a table that Excel opens, or lines of text', async () => {
  const { browser, dropCaption } = await visitorWithBatch();
  await dropCaption('b.jpg', 1, '@a dog\non grass');
  await dropCaption('a.jpg', 0, 'a cat');
  const ask = (query: string) => browser.request(`/api/v1/batches/b1/captions${query}`);
  const table = await ask('');
  expect(table.headers.get('content-type')).toBe('text/csv; charset=utf-8');
  expect(Buffer.from(await table.bytes()).toString()).toBe(
    '\ufefffile,caption,model\r\na.jpg,a cat,blip\r\nb.jpg,"\'@a dog\non grass",blip\r\n',
  );
  const text = await ask('?format=txt');
  expect(text.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  expect(await text.text()).toBe('a.jpg: a cat\nb.jpg: @a dog on grass\n');
  expect((await ask('?format=xlsx')).status).toBe(400);
});

test("there is nothing of an empty batch, of somebody else's, or of what has no caption", async () => {
  const { site, browser, dropDone } = await visitorWithBatch();
  await dropDone('cat.jpg', 0, 'one');
  const stranger = createBrowser(site);
  await stranger.owner();
  const codeOf = async (response: Response) => [
    response.status,
    problemSchema.parse(await response.json()).code,
  ];
  expect(await codeOf(await stranger.request(path))).toEqual([404, 'no_result']);
  expect(await codeOf(await browser.request('/api/v1/batches/b1/captions'))).toEqual([404, 'no_result']);
  expect(await codeOf(await browser.request('/api/v1/batches/other/archive'))).toEqual([404, 'no_result']);
});

test('HEAD reads nothing', async () => {
  const { site, browser, dropDone } = await visitorWithBatch();
  await dropDone('cat.jpg', 0, 'one');
  site.memory.blobs.read = () => Promise.reject(new Error('It was read.'));
  const response = await browser.request(path, { method: 'HEAD' });
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/zip']);
});
