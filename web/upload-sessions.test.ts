import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStorageServer } from '@spillway/storage-server/server.ts';
import { expect, onTestFinished, test } from 'vitest';
import { startTestSite } from './test-site.ts';

const chunk = 256 * 1_024;

/** The real site before a real storage server, and a visitor of it. */
async function machine() {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-sessions-'));
  const storage = await startStorageServer({ dataDir: folder });
  const { site, memory } = await startTestSite({ SPILLWAY_STORAGE_FORWARD: storage.url });
  onTestFinished(async () => {
    await Promise.all([site.close(), storage.close()]);
    await rm(folder, { recursive: true });
  });
  const { webUploads: bucket } = memory.buckets;
  await fetch(`${storage.url}/storage/v1/b`, json({ name: bucket }));

  /** As the client library does it. */
  async function begin(name: string): Promise<string> {
    const address = `${storage.url}/upload/storage/v1/b/${bucket}/o?uploadType=resumable&name=${name}`;
    const begun = await fetch(address, json({}));
    return begun.headers.get('location') ?? '';
  }
  memory.blobs.openUpload = async ({ name }) => ({
    protocol: 'gcs-resumable',
    url: await begin(encodeURIComponent(name)),
  });

  async function open(size: number): Promise<string> {
    const body = { fileName: 'cat.jpg', contentType: 'image/jpeg', size, operations: ['sketch'], files: 1 };
    const opened = await fetch(`${site.url}/api/v1/uploads`, {
      ...json(body),
      headers: { 'content-type': 'application/json', origin: site.url },
    });
    return ((await opened.json()) as { sessionUrl: string }).sessionUrl;
  }

  async function names(): Promise<string[]> {
    const listed = await fetch(`${storage.url}/storage/v1/b/${bucket}/o`);
    const { items = [] } = (await listed.json()) as { items?: { name: string }[] };
    return items.map(({ name }) => name);
  }
  return { storage, site, bucket, begin, open, names };
}

const json = (body: unknown) => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

const put = (url: string, body: Uint8Array<ArrayBuffer> | null, range: string, more: HeadersInit = {}) =>
  fetch(url, {
    method: 'PUT',
    headers: { 'content-range': range, ...more },
    ...(body ? { body } : {}),
    redirect: 'manual',
  });

test('an upload goes through the site alone, in pieces, and tells nothing of the storage server', async () => {
  const { site, bucket, open, names } = await machine();
  const bytes = new Uint8Array(randomBytes(2 * chunk + 7));
  const url = await open(bytes.length);
  expect(new URL(url).origin).toBe(site.url);

  const first = await put(url, bytes.subarray(0, chunk), `bytes 0-${chunk - 1}/${bytes.length}`);
  expect([first.status, first.headers.get('range')]).toEqual([308, `bytes=0-${chunk - 1}`]);
  const asked = await put(url, null, `bytes */${bytes.length}`);
  expect([asked.status, asked.headers.get('range')]).toEqual([308, `bytes=0-${chunk - 1}`]);
  const last = await put(url, bytes.subarray(chunk), `bytes ${chunk}-${bytes.length - 1}/${bytes.length}`);
  expect(last.status).toBe(200);
  const object = (await last.json()) as object;
  expect(object).toMatchObject({ bucket, size: String(bytes.length) });
  expect(JSON.stringify(object)).not.toContain('http');
  expect(await names()).toEqual([(object as { name: string }).name]);
});

test('a page of this site may send, and another site’s may not', async () => {
  const { site, open } = await machine();
  const url = await open(3);
  const bytes = new Uint8Array([1, 2, 3]);
  for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }]) {
    expect((await put(url, bytes, 'bytes 0-2/3', headers)).status).toBe(403);
  }
  expect((await put(url, bytes, 'bytes 0-2/3', { origin: site.url })).status).toBe(200);
});

test('a session can be given up', async () => {
  const { open, names } = await machine();
  const url = await open(3);
  expect((await fetch(url, { method: 'DELETE' })).status).toBe(499);
  expect((await put(url, new Uint8Array([1, 2, 3]), 'bytes 0-2/3')).status).toBe(499);
  expect(await names()).toEqual([]);
});

test('nothing else of the storage server is reached', async () => {
  const { site, bucket, begin, open, names } = await machine();
  const bytes = new Uint8Array([1, 2, 3]);
  const address = new URL(await open(3));
  const foreign = new URL(await begin('others.jpg')).searchParams.get('upload_id') ?? '';
  const stolen = new URL(address);
  stolen.searchParams.set('upload_id', foreign);
  const unsigned = new URL(address);
  unsigned.searchParams.delete('signature');
  for (const url of [stolen, unsigned, `${site.url}/upload/session`]) {
    expect((await put(String(url), bytes, 'bytes 0-2/3')).status).toBe(404);
  }
  expect((await fetch(address)).status).toBe(405);
  for (const path of [
    `/upload/storage/v1/b/${bucket}/o?uploadType=media&name=x`,
    `/storage/v1/b/${bucket}/o`,
    `/upload/session/../storage/v1/b`,
  ]) {
    expect([404, 405]).toContain((await fetch(`${site.url}${path}`, { method: 'POST' })).status);
  }
  expect(await names()).toEqual([]);
});

test('after a connection that broke, the sender goes on from what has arrived', async () => {
  const { open } = await machine();
  const bytes = new Uint8Array(randomBytes(3 * chunk));
  const size = bytes.length;
  const url = await open(size);
  const sending = request(url, {
    method: 'PUT',
    headers: { 'content-length': size, 'content-range': `bytes 0-${size - 1}/${size}` },
  });
  sending.on('error', () => {});
  sending.write(bytes.subarray(0, 2 * chunk), () => sending.destroy());
  // Until the storage server has seen the connection end, the session is in use.
  await expect.poll(async () => (await put(url, null, `bytes */${size}`)).status).toBe(308);
  const range = (await put(url, null, `bytes */${size}`)).headers.get('range');
  const arrived = range === null ? 0 : Number(/-(\d+)$/.exec(range)?.[1]) + 1;
  expect(arrived % chunk).toBe(0);
  const rest = await put(url, bytes.subarray(arrived), `bytes ${arrived}-${size - 1}/${size}`);
  expect(rest.status).toBe(200);
  const md5Hash = createHash('md5').update(bytes).digest('base64');
  expect(await rest.json()).toMatchObject({ size: String(size), md5Hash });
});

test('a storage server that is away is asked again later', async () => {
  const { storage, open } = await machine();
  const url = await open(3);
  await storage.close();
  const answer = await put(url, new Uint8Array([1, 2, 3]), 'bytes 0-2/3');
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
});
