import { isTerminal } from '@spillway/core/job.ts';
import { describe, expect, inject, it } from 'vitest';
import { drop, endedJobs } from './drop.ts';
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
