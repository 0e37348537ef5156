import type { PackedIndex } from '@spillway/core/packed-pictures.ts';
import { deleteJob } from '@spillway/pipeline/delete.ts';
import { expect, test, vi } from 'vitest';
import { problemSchema } from './schema.ts';
import { createBrowser, createTestApi, tinyGif, upload } from './test-client.ts';
import { succeed } from './test-jobs.ts';

const packed = 'result-320|result-500|source-320|mask';
const place = (text: string) => ({ offset: packed.indexOf(text), size: text.length });
const index: PackedIndex = {
  parts: [
    { of: 'result', width: 320, height: 200, ...place('result-320') },
    { of: 'result', width: 500, height: 300, ...place('result-500') },
    { of: 'source', width: 320, height: 200, ...place('source-320') },
  ],
  mask: { width: 100, height: 60, ...place('mask') },
};

async function visitorWithThumbnails({ parts, mask }: PackedIndex = index) {
  const site = createTestApi();
  const browser = createBrowser(site);
  const dropped = await upload(site, await browser.owner());
  const name = `sketch/${dropped.id}.thumbnails`;
  const content = { from: { text: packed }, contentType: 'application/octet-stream' };
  const { generation, size } = await site.memory.blobs.writeOnce('results', name, content);
  const more = { thumbnails: { name, generation, size, parts }, mask };
  const job = await succeed(dropped, tinyGif, site, more);
  return { site, browser, job, path: `/api/v1/jobs/${job.id}` };
}

async function problemOf(response: Response) {
  return [response.status, problemSchema.parse(await response.json()).code];
}

test.each([
  ['', 'result-320'],
  ['?width=640', 'result-500'],
  ['?of=source', 'source-320'],
  ['?of=source&width=640', 'source-320'],
])('a thumbnail %j is its part of the object', async (query, text) => {
  const { browser, path } = await visitorWithThumbnails();
  const response = await browser.request(`${path}/thumbnail${query}`);
  expect([response.status, await response.text()]).toEqual([200, text]);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'image/webp',
    'content-length': String(text.length),
    'cache-control': 'private, max-age=31536000, immutable',
    'x-content-type-options': 'nosniff',
  });
});

test('a mask is its part of the object', async () => {
  const { browser, path } = await visitorWithThumbnails();
  const response = await browser.request(`${path}/mask`);
  expect([response.status, await response.text()]).toEqual([200, 'mask']);
});

test('what the browser has is not read again, and each part is another file', async () => {
  const { site, browser, path } = await visitorWithThumbnails();
  const etagOf = async (query: string) =>
    (await browser.request(`${path}${query}`)).headers.get('etag') ?? '';
  const etags = await Promise.all(['/thumbnail', '/thumbnail?width=640', '/mask'].map(etagOf));
  expect(new Set(etags).size).toBe(3);
  const read = vi.spyOn(site.memory.blobs, 'read');
  const headers = { 'if-none-match': etags[0] ?? '' };
  expect((await browser.request(`${path}/thumbnail`, { headers })).status).toBe(304);
  const head = await browser.request(`${path}/thumbnail`, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length')]).toEqual([200, '10']);
  expect(read).not.toHaveBeenCalled();
});

test('where there is none, or no longer one, a problem says so', async () => {
  const { site, browser, path, job } = await visitorWithThumbnails({ parts: [], mask: null });
  expect(await problemOf(await browser.request(`${path}/thumbnail`))).toEqual([404, 'no_thumbnail']);
  expect(await problemOf(await browser.request(`${path}/mask`))).toEqual([404, 'no_mask']);
  const open = await upload(site, await browser.owner());
  const waiting = await browser.request(`/api/v1/jobs/${open.id}/thumbnail`);
  expect(await problemOf(waiting)).toEqual([404, 'no_thumbnail']);
  await deleteJob(job.id, site.ports);
  expect(await problemOf(await browser.request(`${path}/thumbnail`))).toEqual([404, 'not_found']);
});

test('an object that is gone is no thumbnail', async () => {
  const { site, browser, path, job } = await visitorWithThumbnails();
  await site.memory.blobs.remove('results', job.result?.thumbnails?.name ?? '');
  expect(await problemOf(await browser.request(`${path}/thumbnail`))).toEqual([404, 'no_thumbnail']);
});

test('nobody else gets them, and no other size is made', async () => {
  const { site, browser, path } = await visitorWithThumbnails();
  const stranger = createBrowser(site);
  await stranger.owner();
  for (const file of ['thumbnail', 'mask']) {
    expect(await problemOf(await stranger.request(`${path}/${file}`))).toEqual([404, 'not_found']);
  }
  for (const query of ['?width=100', '?of=other', '?size=320']) {
    const refused = await browser.request(`${path}/thumbnail${query}`);
    expect(await problemOf(refused)).toEqual([400, 'invalid_request']);
  }
});
