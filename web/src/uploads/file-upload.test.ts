import { createBrowser, createTestApi } from '@spillway/web/api/test-client.ts';
import sharp from 'sharp';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createFileUpload } from './file-upload.ts';
import { steadyLine } from './sample-line.ts';
import { TakingRequest } from './sample-request.ts';

beforeEach(() => void vi.stubGlobal('XMLHttpRequest', TakingRequest));
afterEach(() => void vi.unstubAllGlobals());

/** The metadata of the session that the real API opens for one file of a drop; the bytes go nowhere. */
async function metadataFor(file: File, files: number): Promise<Record<string, string> | undefined> {
  const site = createTestApi();
  const openUpload = vi.spyOn(site.memory.blobs, 'openUpload');
  const browser = createBrowser(site);
  vi.stubGlobal('fetch', browser.request);
  const plan = { operations: ['sketch' as const], options: {}, batchId: crypto.randomUUID(), files };
  const upload = createFileUpload(file, plan, { addedAt: 0, index: 0 }, steadyLine);
  await upload.send();
  upload.dispose();
  return openUpload.mock.lastCall?.[0].metadata;
}

it('tells how many files were picked together, and how many pixels this one has', async () => {
  const bytes = await sharp({ create: { width: 30, height: 20, channels: 3, background: '#fff' } })
    .jpeg()
    .toBuffer();
  const picture = new File([new Uint8Array(bytes)], 'a.jpg', { type: 'image/jpeg' });
  expect(await metadataFor(picture, 25)).toMatchObject({ 'batch-size': '25', pixels: '600' });
});

it('tells no pixels where the head of the file does not, and no more files than the API takes', async () => {
  const metadata = await metadataFor(new File(['no picture'], 'a.jpg', { type: 'image/jpeg' }), 20_000);
  expect(metadata).toMatchObject({ 'batch-size': '10000' });
  expect(metadata).not.toHaveProperty('pixels');
});

it('says of a file that has gone since it was picked that it cannot be read, and opens no session for it', async () => {
  const site = createTestApi();
  const openUpload = vi.spyOn(site.memory.blobs, 'openUpload');
  vi.stubGlobal('fetch', createBrowser(site).request);
  const file = new File(['bytes'], 'gone.jpg');
  const gone = () => Promise.reject(new DOMException('It is gone.', 'NotFoundError'));
  Object.defineProperty(file, 'slice', { value: () => ({ arrayBuffer: gone }) });
  const plan = { operations: ['sketch' as const], options: {}, batchId: crypto.randomUUID(), files: 1 };
  const upload = createFileUpload(file, plan, { addedAt: 0, index: 0 }, steadyLine);
  await upload.send();
  expect(upload.phase.value).toEqual({
    kind: 'failed',
    message: 'The file could not be read. Has it been moved or changed?',
    passing: false,
  });
  expect(openUpload).not.toHaveBeenCalled();
  upload.dispose();
});

it('sends a name that is not well-formed as well as it can be', async () => {
  const site = createTestApi();
  const openUpload = vi.spyOn(site.memory.blobs, 'openUpload');
  vi.stubGlobal('fetch', createBrowser(site).request);
  const file = new File(['bytes'], 'a.jpg');
  Object.defineProperty(file, 'name', { value: 'a\ud800.jpg' });
  const plan = { operations: ['sketch' as const], options: {}, batchId: crypto.randomUUID(), files: 1 };
  const upload = createFileUpload(file, plan, { addedAt: 0, index: 0 }, steadyLine);
  await upload.send();
  expect(openUpload.mock.lastCall?.[0].name).toMatch(/\/a\ufffd\.jpg$/);
  upload.dispose();
});
