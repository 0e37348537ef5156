import { OutageError, RefusedError } from '@spillway/core/errors.ts';
import { jobId } from '@spillway/core/job-id.ts';
import { describe, expect, it } from 'vitest';
import { findDueUploads, findUploadsOf, type SearchLimits } from './find-lost-uploads.ts';
import { routeUpload } from './route.ts';
import { type Workbench, workbench } from './testing/workbench.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const youngestMs = 10 * minute;
const toTheEnd: SearchLimits = { youngestMs, goesOn: () => true };

const picture = Buffer.from('a picture');
/** Puts an object of which no event tells. */
const lose = ({ ports }: Workbench, name: string, bucket = 'uploads', metadata = {}) =>
  ports.blobs.upload(bucket, name, picture, metadata);

const loseMany = (bench: Workbench, count: number) => {
  makePagesShort(bench);
  for (let each = 0; each < count; each++) lose(bench, `sketch/${String(each).padStart(2, '0')}.jpg`);
};

const namesOf = async (bench: Workbench) => (await bench.jobs()).map(({ source }) => source.name).sort();

/** Lets pages have ten objects from now on. */
function makePagesShort({ ports }: Workbench): void {
  const { listPage } = ports.blobs;
  ports.blobs.listPage = async (bucket, behind) => {
    const page = await listPage(bucket, behind);
    const objects = page.objects.slice(0, 10);
    const isLast = objects.length === page.objects.length;
    return { ...page, objects, next: isLast ? page.next : (objects.at(-1)?.name ?? null) };
  };
}

/** The names behind which pages of the integrators' bucket are asked for, from now on. */
function pagesOf({ ports }: Workbench): (string | null)[] {
  const pages: (string | null)[] = [];
  const { listPage } = ports.blobs;
  ports.blobs.listPage = (bucket, behind) => {
    if (bucket === 'uploads') pages.push(behind);
    return listPage(bucket, behind);
  };
  return pages;
}

/** A search that is cut off after so many pages of each bucket. */
const pagesAtMost = (most: number): SearchLimits => {
  let pages = 0;
  return { youngestMs, goesOn: () => ++pages < most };
};

describe('the search for lost uploads', () => {
  it('makes the jobs of uploads whose event never came, once each, in both buckets', async () => {
    const bench = await workbench();
    lose(bench, 'sketch/lost.jpg');
    lose(bench, 'ann/u1/1.jpg', 'web-uploads', { operation: 'sketch' });
    lose(bench, 'sketch/result.png', 'results', { operation: 'sketch' });
    lose(bench, '_ignored/lost.jpg');
    bench.clock.advance(youngestMs + 1);
    const found = await findUploadsOf(1, toTheEnd, bench.ports);
    expect(found).toEqual({ looked: 3, made: 2, passedOver: 0, complete: true });
    expect(await findUploadsOf(1, toTheEnd, bench.ports)).toMatchObject({ made: 0, complete: true });
    expect((await bench.jobs()).map(({ owner }) => owner).sort()).toEqual(['ann', null]);
  });

  it('leaves those alone whose event may be under way, and those that are older than it looks back', async () => {
    const bench = await workbench();
    lose(bench, 'sketch/old.jpg');
    bench.clock.advance(3 * day);
    lose(bench, 'sketch/lost.jpg');
    bench.clock.advance(youngestMs + 1);
    lose(bench, 'sketch/young.jpg');
    expect(await findUploadsOf(2, toTheEnd, bench.ports)).toMatchObject({ looked: 1, made: 1 });
    expect(await namesOf(bench)).toEqual(['sketch/lost.jpg']);
  });

  it('goes through one bucket while the other cannot be listed', async () => {
    const bench = await workbench();
    lose(bench, 'ann/u1/1.jpg', 'web-uploads', { operation: 'sketch' });
    bench.clock.advance(youngestMs + 1);
    const { listPage } = bench.ports.blobs;
    bench.ports.blobs.listPage = (bucket, behind) => {
      if (bucket === 'uploads') throw new OutageError('Cloud Storage did not answer.');
      return listPage(bucket, behind);
    };
    await expect(findDueUploads(toTheEnd, bench.ports)).rejects.toThrow(OutageError);
    expect(await bench.jobs()).toMatchObject([{ owner: 'ann' }]);
  });

  it('goes past an upload that nothing can be done for, names it, and tries it again', async () => {
    const bench = await workbench();
    for (const name of ['sketch/1.jpg', 'sketch/bad.jpg', 'sketch/2.jpg']) lose(bench, name);
    bench.clock.advance(youngestMs + 1);
    const { create } = bench.ports.jobs;
    bench.ports.jobs.create = (job) =>
      job.source.name.includes('bad') ? Promise.reject(new RefusedError('No.')) : create(job);
    expect(await findUploadsOf(1, toTheEnd, bench.ports)).toMatchObject({ made: 2, passedOver: 1 });
    expect(await bench.ports.passedOver.recent(10)).toMatchObject([
      { task: 'search', item: expect.stringContaining('gs://uploads/sketch/bad.jpg#'), why: 'No.' },
    ]);
    bench.ports.jobs.create = create;
    expect(await findUploadsOf(1, toTheEnd, bench.ports)).toMatchObject({ made: 1, passedOver: 0 });
  });

  it('looks all jobs of a page up at once, and asks for the jobs of an object only where one is not found', async () => {
    const bench = await workbench();
    for (let each = 0; each < 110; each++) await bench.drop(`sketch/${each}.jpg`);
    const lost = lose(bench, 'sketch/lost.jpg');
    bench.clock.advance(youngestMs + 1);
    const { existing, ofSource } = bench.ports.jobs;
    const lookedUp: number[] = [];
    const asked: string[] = [];
    bench.ports.jobs.existing = (ids) => {
      lookedUp.push(ids.length);
      return existing(ids);
    };
    bench.ports.jobs.ofSource = (source) => {
      asked.push(source.name);
      return ofSource(source);
    };
    expect(await findUploadsOf(1, toTheEnd, bench.ports)).toMatchObject({ looked: 111, made: 1 });
    expect(lookedUp).toEqual([111]);
    expect(asked).toEqual([lost.name]);
  });

  it('makes no second job where the job that is there has another id, because rules have changed since', async () => {
    const bench = await workbench();
    const rule = { prefix: 'camera/', operations: ['sketch'], options: { blur: 15 } };
    const rules = [{ ...rule, owner: null, callback: null, class: 'interactive' as const }];
    const object = lose(bench, 'camera/1.jpg');
    const before = bench.ports.settings.sourceRules;
    bench.ports.settings.sourceRules = () => rules as unknown as Awaited<ReturnType<typeof before>>;
    const [job] = await routeUpload(object, null, bench.ports);
    bench.ports.settings.sourceRules = () =>
      rules.map((each) => ({ ...each, options: { blur: 21 }, operations: ['sketch', 'caption'] })) as never;
    bench.clock.advance(youngestMs + 1);
    expect(await findUploadsOf(1, toTheEnd, bench.ports)).toMatchObject({ made: 1 });
    expect((await bench.jobs()).map(({ operation }) => operation).sort()).toEqual(['caption', 'sketch']);
    expect(job?.id).not.toBe(jobId({ ...object, operation: 'sketch', options: { blur: 21 }, run: 1 }));
  });
});

describe('a search that is cut off', () => {
  it('is taken up behind the last page that was looked at, also by another process', async () => {
    const bench = await workbench();
    loseMany(bench, 25);
    bench.clock.advance(youngestMs + 1);
    const pages = pagesOf(bench);
    const first = await findUploadsOf(1, pagesAtMost(1), bench.ports);
    expect(first).toMatchObject({ looked: 10, made: 10, complete: false });
    pages.length = 0;
    const second = await findUploadsOf(1, pagesAtMost(2), bench.ports);
    expect(second).toMatchObject({ looked: 15, made: 15, complete: true });
    expect(pages).toEqual(['sketch/09.jpg', 'sketch/19.jpg']);
    expect(await bench.jobs()).toHaveLength(25);
  });

  it('begins again once it is through, where that leaves time: a call that ends has seen all', async () => {
    const bench = await workbench();
    loseMany(bench, 15);
    bench.clock.advance(youngestMs + 1);
    await findUploadsOf(1, pagesAtMost(1), bench.ports);
    lose(bench, 'sketch/00-behind-the-place.jpg');
    bench.clock.advance(youngestMs + 1);
    expect(await findUploadsOf(1, toTheEnd, bench.ports)).toMatchObject({ made: 6, complete: true });
    expect(await namesOf(bench)).toContain('sketch/00-behind-the-place.jpg');
  });

  it('is repeated from the page at which a service failed', async () => {
    const bench = await workbench();
    loseMany(bench, 12);
    bench.clock.advance(youngestMs + 1);
    const { existing } = bench.ports.jobs;
    let looks = 0;
    bench.ports.jobs.existing = (ids) => {
      if (++looks === 2) throw new OutageError('Firestore did not answer.');
      return existing(ids);
    };
    await expect(findUploadsOf(1, toTheEnd, bench.ports)).rejects.toThrow(OutageError);
    expect(await bench.jobs()).toHaveLength(10);
    const pages = pagesOf(bench);
    expect(await findUploadsOf(1, pagesAtMost(1), bench.ports)).toMatchObject({
      looked: 2,
      complete: true,
    });
    expect(pages).toEqual(['sketch/09.jpg']);
  });

  it('goes on with a round that looks back further, and not with one that does not look back far enough', async () => {
    const bench = await workbench();
    loseMany(bench, 12);
    bench.clock.advance(2 * day);
    expect(await findUploadsOf(1, pagesAtMost(1), bench.ports)).toMatchObject({ looked: 0, complete: false });
    expect(await findUploadsOf(3, pagesAtMost(2), bench.ports)).toMatchObject({ looked: 12 });
  });
});

describe('searches that are made again and again', () => {
  it('look at what is new in the last day at every call, and at two weeks once a day', async () => {
    const bench = await workbench();
    lose(bench, 'sketch/old.jpg');
    bench.clock.advance(3 * day);
    expect(await findDueUploads(toTheEnd, bench.ports)).toMatchObject({ looked: 1, made: 1 });
    const { remove } = bench.ports.blobs;
    await remove('uploads', 'sketch/old.jpg');
    lose(bench, 'sketch/lost.jpg');
    bench.clock.advance(hour);
    expect(await findDueUploads(toTheEnd, bench.ports)).toMatchObject({ looked: 1, made: 1 });
    bench.clock.advance(hour);
    expect(await findDueUploads(toTheEnd, bench.ports)).toMatchObject({ looked: 0, made: 0 });
    bench.clock.advance(day - 2 * hour);
    expect(await findDueUploads(toTheEnd, bench.ports)).toMatchObject({ looked: 1, made: 0 });
  });

  it('look back to the last round that came to its end, but not to jobs whose documents are removed', async () => {
    const bench = await workbench();
    await findDueUploads(toTheEnd, bench.ports);
    lose(bench, 'sketch/of-a-job-of-long-ago.jpg');
    bench.clock.advance(20 * day);
    lose(bench, 'sketch/lost.jpg');
    bench.clock.advance(20 * day);
    expect(await findDueUploads(toTheEnd, bench.ports)).toMatchObject({ made: 1 });
    expect(await namesOf(bench)).toEqual(['sketch/lost.jpg']);
  });

  it('find in the next round what arrives in a place that this one has passed', async () => {
    const bench = await workbench();
    loseMany(bench, 15);
    bench.clock.advance(youngestMs + 1);
    const { existing } = bench.ports.jobs;
    bench.ports.jobs.existing = (ids) => {
      lose(bench, 'sketch/00-late.jpg');
      bench.ports.jobs.existing = existing;
      return existing(ids);
    };
    expect(await findDueUploads(toTheEnd, bench.ports)).toMatchObject({ made: 15 });
    bench.clock.advance(hour);
    expect(await findDueUploads(toTheEnd, bench.ports)).toMatchObject({ made: 1 });
  });

  it('leave a bucket to the one that searches it already', async () => {
    const bench = await workbench();
    loseMany(bench, 12);
    bench.clock.advance(youngestMs + 1);
    const pages = pagesOf(bench);
    const [one, other] = await Promise.all([
      findUploadsOf(1, toTheEnd, bench.ports),
      findUploadsOf(1, toTheEnd, bench.ports),
    ]);
    expect([one, other].map(({ made }) => made).sort()).toEqual([0, 12]);
    expect([one, other].map(({ complete }) => complete).sort()).toEqual([false, true]);
    expect(pages).toEqual([null, 'sketch/09.jpg']);
    expect(await bench.jobs()).toHaveLength(12);
  });

  it('do not help an upload whose event comes while they look, twice', async () => {
    const bench = await workbench();
    const late = lose(bench, 'sketch/late.jpg');
    bench.clock.advance(youngestMs + 1);
    const { ofSource } = bench.ports.jobs;
    bench.ports.jobs.ofSource = async (source) => {
      const before = await ofSource(source);
      await routeUpload(late, null, bench.ports);
      return before;
    };
    await findUploadsOf(1, toTheEnd, bench.ports);
    expect(await bench.jobs()).toHaveLength(1);
    const { vm, run } = bench.ports.queue.messages;
    expect([...vm, ...run]).toHaveLength(1);
  });
});
