import { randomUUID } from 'node:crypto';
import { isTerminal } from '@spillway/core/job.ts';
import { unzipped } from '@spillway/web/api/test-batches.ts';
import sharp from 'sharp';
import { describe, expect, inject, it } from 'vitest';
import { drop, endedJobs, storage } from './drop.ts';
import { drawnJpeg } from './pictures.ts';
import { Visitor } from './visitor.ts';

const stack = inject('stack');
const owners = 5;
const imagesEach = 8;

describe('40 images of 5 owners at once', () => {
  it('all end, and each owner sees theirs alone', async () => {
    const visitors = Array.from({ length: owners }, () => new Visitor(stack.web));
    await Promise.all(visitors.map((visitor) => visitor.jobs()));
    const uploads = await Promise.all(
      visitors.map((visitor, owner) =>
        Promise.all(
          Array.from({ length: imagesEach }, async (_, index) =>
            visitor.upload(`${owner}-${index}.jpg`, await drawnJpeg(owner * imagesEach + index)),
          ),
        ),
      ),
    );
    const ended = async () => {
      const pages = await Promise.all(visitors.map((visitor) => visitor.jobs()));
      return pages.flat().filter(({ state }) => isTerminal(state)).length;
    };
    await expect.poll(ended, { timeout: 50_000, interval: 250 }).toBe(owners * imagesEach);

    for (const [owner, visitor] of visitors.entries()) {
      const jobs = await visitor.jobs();
      expect(jobs.map(({ upload }) => upload).sort()).toEqual(uploads[owner]?.slice().sort());
      expect(jobs.every(({ state }) => state === 'succeeded')).toBe(true);
      const result = `/api/v1/jobs/${jobs[0]?.id}/result`;
      expect((await visitor.request(result)).status).toBe(200);
      const stranger = visitors[(owner + 1) % owners];
      expect((await stranger?.request(result))?.status).toBe(404);
      expect((await stranger?.request(`/api/v1/jobs/${jobs[0]?.id}`))?.status).toBe(404);
    }
  });
});

it('a visitor’s batch has thumbnails and a mask, is one archive, is made again without an upload, and leaves nothing', async () => {
  const visitor = new Visitor(stack.web);
  const batchId = randomUUID();
  const operations = ['remove-background', 'caption'];
  for (const index of [1, 0]) {
    const picture = await drawnJpeg(index, 900, 600);
    await visitor.upload(`same.jpg`, picture, operations, { batchId, files: 2, index });
  }
  const done = async () => (await visitor.jobs()).filter(({ state }) => state === 'succeeded').length;
  await expect.poll(done, { timeout: 50_000, interval: 250 }).toBe(4);
  const cutOut = (await visitor.jobs()).find(
    ({ operation, batchIndex }) => operation === 'remove-background' && batchIndex === 0,
  );
  const job = `/api/v1/jobs/${cutOut?.id}`;
  for (const of of ['result', 'source']) {
    const small = await visitor.request(`${job}/thumbnail?of=${of}&width=640`);
    const size = await sharp(await small.arrayBuffer()).metadata();
    expect(size).toMatchObject({ format: 'webp', width: 640, height: 427, hasAlpha: of === 'result' });
  }
  const mask = await sharp(await (await visitor.request(`${job}/mask`)).arrayBuffer()).metadata();
  expect(mask).toMatchObject({ format: 'webp', width: 900, height: 600 });

  const batch = `/api/v1/batches/${batchId}`;
  const archive = await unzipped(await (await visitor.request(`${batch}/archive`)).bytes());
  expect([...archive.keys()].filter((name) => !name.startsWith('receipts/'))).toEqual([
    'same-remove-background.png',
    'same-caption.json',
    'same (2)-remove-background.png',
    'same (2)-caption.json',
    'captions.csv',
  ]);

  const again = await visitor.request(`${batch}/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ operation: 'sketch' }),
  });
  expect(await again.json()).toMatchObject({ done: 2, cursor: null });
  await expect.poll(done, { timeout: 50_000, interval: 250 }).toBe(6);

  const names = (await visitor.jobs()).flatMap(({ source, result }) => [source.name, result?.name ?? '']);
  const removed = await visitor.request(batch, { method: 'DELETE' });
  expect(await removed.json()).toMatchObject({ done: 6, failed: [], cursor: null });
  const stems = names.map((name) => name.replace(/\.\w+$/, ''));
  for (const bucket of [stack.buckets.webUploads, stack.buckets.results]) {
    const [files] = await storage.bucket(bucket).getFiles();
    expect(files.filter(({ name }) => stems.some((stem) => name.startsWith(stem)))).toEqual([]);
  }
});

it('what an integrator drops under the folder of a visitor is none of the visitor’s', async () => {
  const visitor = new Visitor(stack.web);
  await visitor.upload('own.jpg', await drawnJpeg(1));
  await expect.poll(() => visitor.jobs(), { timeout: 20_000 }).toHaveLength(1);
  const [own] = await visitor.jobs();
  expect(own?.source.bucket).toBe(stack.buckets.webUploads);
  const owner = own?.source.name.split('/')[0] ?? '';

  const planted = [`${owner}/${own?.upload}/planted.jpg`, `web/${owner}/${own?.upload}/planted.jpg`];
  for (const name of planted) {
    await drop(name, await drawnJpeg(2), { operation: 'sketch', owner });
    expect(await endedJobs(name)).toMatchObject([{ state: 'succeeded', owner: null }]);
  }
  expect(await visitor.jobs()).toHaveLength(1);
});
