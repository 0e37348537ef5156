import { largestFile } from '@spillway/core/file-size.ts';
import { expect, test, vi } from 'vitest';
import { largestBatch, mostPixels, problemSchema, uploadSchema } from './schema.ts';
import { createBrowser, createTestApi, origin } from './test-client.ts';

const request = { fileName: 'a.jpg', contentType: 'image/jpeg', size: 3, operations: ['sketch'] };

function createSite() {
  const site = createTestApi();
  const openUpload = vi.spyOn(site.memory.blobs, 'openUpload');
  return { ...site, openUpload, browser: createBrowser(site) };
}

test('opens a session whose metadata says what to do', async () => {
  const { browser, openUpload } = createSite();
  const response = await browser.post('/api/v1/uploads', {
    ...request,
    operations: ['sketch', 'sketch'],
    options: { sketch: { blur: 15 } },
  });
  expect(response.status).toBe(201);
  expect(response.headers.get('cache-control')).toBe('no-store');
  const { uploadId, batchId, objectName, sessionUrl } = uploadSchema.parse(await response.json());
  expect(sessionUrl).toMatch(/^https:\/\//);
  expect(openUpload).toHaveBeenCalledExactlyOnceWith({
    bucket: 'web-uploads',
    name: objectName,
    contentType: 'image/jpeg',
    size: 3,
    metadata: {
      operation: 'sketch',
      options: JSON.stringify({ sketch: { blur: 15, format: 'png' } }),
      batch: batchId,
      upload: uploadId,
      'batch-size': '1',
    },
    origin,
  });
});

test('passes on how many files the drop has, and how many pixels the picture', async () => {
  const { browser, openUpload } = createSite();
  await browser.post('/api/v1/uploads', { ...request, files: 250, pixels: 12_000_000 });
  const { metadata } = openUpload.mock.lastCall?.[0] ?? {};
  expect(metadata).toMatchObject({ 'batch-size': '250', pixels: '12000000' });
});

test('keeps the batch of a drop, and makes each upload its own id', async () => {
  const { browser } = createSite();
  const batchId = crypto.randomUUID();
  const open = async () =>
    uploadSchema.parse(await (await browser.post('/api/v1/uploads', { ...request, batchId })).json());
  const [first, second] = [await open(), await open()];
  expect([first.batchId, second.batchId]).toEqual([batchId, batchId]);
  expect(first.uploadId).not.toBe(second.uploadId);
});

test.each([
  ['a path', '../../etc/passwd', 'passwd'],
  ['a path of Windows', 'C:\\pictures\\müde Kätzchen.jpg', 'müde Kätzchen.jpg'],
  ['only slashes', '///', 'picture'],
  ['line breaks', 'a\r\nb.jpg', 'ab.jpg'],
  ['emoji', '🐈‍⬛.png', '🐈‍⬛.png'],
])('makes an object name from a file name with %s', async (_, fileName, last) => {
  const { browser } = createSite();
  const { objectName } = uploadSchema.parse(
    await (await browser.post('/api/v1/uploads', { ...request, fileName })).json(),
  );
  expect(objectName.split('/')).toHaveLength(3);
  expect(objectName.split('/').at(-1)).toBe(last);
});

test('shortens a long name to what a bucket takes', async () => {
  const { browser } = createSite();
  const fileName = `${'漢'.repeat(900)}.jpg`;
  const { objectName } = uploadSchema.parse(
    await (await browser.post('/api/v1/uploads', { ...request, fileName })).json(),
  );
  expect(Buffer.byteLength(objectName)).toBeLessThanOrEqual(1_024);
  expect(objectName).toMatch(/漢\.jpg$/);
});

test('does not let a content type break a header', async () => {
  const { browser, openUpload } = createSite();
  await browser.post('/api/v1/uploads', { ...request, contentType: 'image/png\r\nX-Evil: 1' });
  expect(openUpload.mock.lastCall?.[0].contentType).toBe('application/octet-stream');
});

test.each([
  ['an unknown option', { sketch: { nonsense: 1 } }],
  ['an option out of range', { sketch: { blur: 4 } }],
  ['a prompt that is not well-formed', { sketch: {}, caption: { prompt: '\ud83d hello' } }],
  ['a prompt with NUL', { sketch: {}, caption: { prompt: 'a\0b' } }],
  ['an option of the wrong type', { sketch: { format: 7 } }],
])('refuses %s before any upload', async (_, options) => {
  const { browser, openUpload } = createSite();
  const operations = Object.keys(options);
  const response = await browser.post('/api/v1/uploads', { ...request, operations, options });
  expect(response.status).toBe(422);
  const problem = problemSchema.parse(await response.json());
  expect(problem.code).toBe('invalid_options');
  expect(problem.detail).toContain(operations.at(-1));
  expect(openUpload).not.toHaveBeenCalled();
});

test.each([
  ['no operation', { operations: [] }, 'json.operations'],
  ['an unknown operation', { operations: ['nonsense'] }, 'json.operations.0'],
  ['an empty file name', { fileName: '' }, 'json.fileName'],
  ['a file name that is not well-formed', { fileName: 'a\ud800.jpg' }, 'json.fileName'],
  ['a file name with NUL', { fileName: 'a\0.jpg' }, 'json.fileName'],
  ['a type that is not well-formed', { contentType: 'image/\udfff' }, 'json.contentType'],
  ['a file that is too large', { size: largestFile + 1 }, 'json.size'],
  ['a negative size', { size: -1 }, 'json.size'],
  ['a batch that is no UUID', { batchId: 'x' }, 'json.batchId'],
  ['a drop of no file', { files: 0 }, 'json.files'],
  ['a drop of more files than any', { files: largestBatch + 1 }, 'json.files'],
  ['half a pixel', { pixels: 0.5 }, 'json.pixels'],
  ['more pixels than a picture may have', { pixels: mostPixels + 1 }, 'json.pixels'],
])('refuses %s', async (_, change, path) => {
  const { browser, openUpload } = createSite();
  const response = await browser.post('/api/v1/uploads', { ...request, ...change });
  expect(response.status).toBe(400);
  const problem = problemSchema.parse(await response.json());
  expect(problem.code).toBe('invalid_request');
  expect(problem.errors?.map((error) => error.path)).toEqual([path]);
  expect(openUpload).not.toHaveBeenCalled();
});
