import { isDeferred } from '@spillway/core/job.ts';
import { routingSettingsSchema } from '@spillway/core/settings.ts';
import { describe, expect, it } from 'vitest';
import { createRecentArrivals, type RecentArrivals } from './recent-arrivals.ts';
import { routeUpload } from './route.ts';
import { type Workbench, workbench } from './testing/workbench.ts';

/** Cloud Run is off, so that two slots do all the work: 13 sketches in two seconds. */
const routing = routingSettingsSchema.parse({ run: { enabled: false } });

async function drop(
  bench: Workbench,
  arrivals: RecentArrivals,
  name: string,
  metadata: Record<string, string> = {},
) {
  const object = bench.ports.blobs.upload('web-uploads', name, Buffer.from(name), {
    operation: 'sketch',
    ...metadata,
  });
  const [job] = await routeUpload(object, null, bench.ports, { arrivals });
  if (!job) throw new Error('It has a job.');
  return job;
}

async function dropMany(
  bench: Workbench,
  arrivals: RecentArrivals,
  owner: string,
  files: number,
  { everyMs = 0, ...metadata }: { everyMs?: number; batch?: string } = {},
) {
  const jobs = [];
  for (let file = 0; file < files; file++) {
    jobs.push(await drop(bench, arrivals, `${owner}/${bench.clock.now().getTime()}-${file}.jpg`, metadata));
    bench.clock.advance(everyMs);
  }
  return jobs;
}

describe('a crowd', () => {
  it('is what an owner drops at once beyond a batch and what all slots can do; another’s file is no part of it', async () => {
    const bench = await workbench({ routing });
    const arrivals = createRecentArrivals();
    const jobs = await dropMany(bench, arrivals, 'ann', 500);
    expect(jobs.slice(0, 20).some(isDeferred)).toBe(false);
    expect(jobs.slice(30).every(isDeferred)).toBe(true);
    expect(isDeferred(await drop(bench, arrivals, 'bob/one.jpg'))).toBe(false);
  });

  it('is not what comes one after another, however long that goes on', async () => {
    const bench = await workbench({ routing });
    const jobs = await dropMany(bench, createRecentArrivals(), 'ann', 200, { everyMs: 150 });
    expect(jobs.some(isDeferred)).toBe(false);
  });

  it('is not what the slots can do at once, as long as this process keeps up', async () => {
    const bench = await workbench({ routing });
    await bench.beats({ slots: 1_000 });
    const arrivals = createRecentArrivals();
    expect((await dropMany(bench, arrivals, 'ann', 100)).some(isDeferred)).toBe(false);
    const ends = Array.from({ length: 18 }, () => arrivals.begin());
    expect(isDeferred(await drop(bench, arrivals, 'ann/behind.jpg'))).toBe(true);
    expect(isDeferred(await drop(bench, arrivals, 'bob/one.jpg'))).toBe(false);
    for (const end of ends) end();
    expect(isDeferred(await drop(bench, arrivals, 'ann/again.jpg'))).toBe(false);
  });

  it('is what comes while several uploads take long here', async () => {
    const bench = await workbench({ routing });
    await bench.beats({ slots: 1_000 });
    let now = 0;
    const arrivals = createRecentArrivals(() => now);
    const ends = Array.from({ length: 5 }, () => arrivals.begin());
    await dropMany(bench, arrivals, 'ann', 30);
    now = 400;
    expect(isDeferred(await drop(bench, arrivals, 'ann/quick.jpg'))).toBe(false);
    now = 501;
    expect(isDeferred(await drop(bench, arrivals, 'ann/slow.jpg'))).toBe(true);
    expect(isDeferred(await drop(bench, arrivals, 'bob/one.jpg'))).toBe(false);
    ends[0]?.();
    expect(isDeferred(await drop(bench, arrivals, 'ann/after.jpg'))).toBe(false);
  });
});

describe('a batch that nobody announced', () => {
  it('is bulk after twenty files, without asking the database again', async () => {
    const bench = await workbench();
    let asked = 0;
    const { batchBefore } = bench.ports.sums;
    bench.ports.sums.batchBefore = (stored) => {
      asked++;
      return batchBefore(stored);
    };
    const arrivals = createRecentArrivals();
    const jobs = await dropMany(bench, arrivals, 'ann', 40, { batch: 'holidays', everyMs: 1_000 });
    expect(jobs.map((job) => job.class)).toEqual([
      ...new Array(20).fill('interactive'),
      ...new Array(20).fill('bulk'),
    ]);
    expect(asked).toBe(20);
    expect(jobs.slice(20).every(isDeferred)).toBe(true);
    expect(await drop(bench, arrivals, 'ann/other.jpg', { batch: 'birthday' })).toMatchObject({
      class: 'interactive',
    });
  });

  it('is bulk at once where other routers have counted it', async () => {
    const bench = await workbench();
    await dropMany(bench, createRecentArrivals(), 'ann', 20, { batch: 'holidays' });
    const arrivals = createRecentArrivals();
    const [first, second] = await dropMany(bench, arrivals, 'bob', 2, { batch: 'holidays' });
    expect([first?.class, second?.class]).toEqual(['bulk', 'bulk']);
    expect([first && isDeferred(first), second && isDeferred(second)]).toEqual([false, true]);
  });

  it('does not count a repeated event', async () => {
    const bench = await workbench();
    const arrivals = createRecentArrivals();
    const object = bench.ports.blobs.upload('uploads', 'sketch/1.jpg', Buffer.from('x'), { batch: 'b' });
    for (let time = 0; time < 30; time++) await routeUpload(object, null, bench.ports, { arrivals });
    const next = bench.ports.blobs.upload('uploads', 'sketch/2.jpg', Buffer.from('x'), { batch: 'b' });
    expect(await routeUpload(next, null, bench.ports, { arrivals })).toMatchObject([
      { class: 'interactive' },
    ]);
  });
});
