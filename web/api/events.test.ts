import { OutageError } from '@spillway/core/errors.ts';
import { seededRandom } from '@spillway/core/testing/seeded-random.ts';
import type { JobChange, JobFeed } from '@spillway/pipeline/ports/jobs.ts';
import { describe, expect, test, vi } from 'vitest';
import { followedJobs } from './live-jobs.ts';
import { eventSchemas, problemSchema } from './schema.ts';
import { type Browser, createBrowser, createTestApi, upload } from './test-client.ts';
import { type ReceivedEvent, readEvents, until } from './test-events.ts';
import { fail } from './test-jobs.ts';

async function createVisitor(site = createTestApi()) {
  const browser = createBrowser(site);
  return { ...site, site, browser, owner: await browser.owner() };
}

async function follow(browser: Browser, lastEventId?: string) {
  const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
  const response = await browser.request('/api/v1/events', { headers });
  expect(response.status).toBe(200);
  return readEvents(response);
}

/** A feed whose watches are counted and can be made to fail. */
function watchedFeed(feed: JobFeed) {
  const errors: ((error: Error) => void)[] = [];
  const open = new Set<object>();
  const watch: JobFeed['watch'] = (filter, limit, onChanges, onError) => {
    const inner = feed.watch(filter, limit, onChanges, onError);
    const handle = {
      stop() {
        inner.stop();
        open.delete(handle);
      },
    };
    open.add(handle);
    errors.push(onError);
    return handle;
  };
  return { feed: { ...feed, watch }, errors, open };
}

describe('a stream', () => {
  test('begins with the jobs that are there and goes on with every change', async () => {
    const { site, browser, owner, ports } = await createVisitor();
    const job = await upload(site, owner);
    const stream = await follow(browser);
    const [first, present] = await stream.until('present');
    expect(stream.raw[0]).toBe('retry: 2000');
    expect(eventSchemas.job.parse(first?.data)).toMatchObject({ id: job.id, state: 'queued' });
    expect(present?.data).toEqual({ ids: [job.id] });
    await fail(job, ports);
    const live = await stream.next();
    expect(eventSchemas.job.parse(live?.data)).toMatchObject({ id: job.id, state: 'failed' });
    const { id } = await upload(site, owner);
    expect((await stream.next())?.data.id).toBe(id);
    await stream.leave();
  });

  test("tells nothing of somebody else's jobs, and no secrets", async () => {
    const { site, browser, owner } = await createVisitor();
    const { owner: other } = await createVisitor(site);
    await upload(site, other);
    const stream = await follow(browser);
    expect(await stream.until('present')).toHaveLength(1);
    await upload(site, other);
    const own = await upload(site, owner);
    expect((await stream.next())?.data.id).toBe(own.id);
    expect(stream.raw.join()).not.toContain(own.reservation);
    await stream.leave();
  });

  test('tells of a deleted job', async () => {
    const { site, browser, owner } = await createVisitor();
    const job = await upload(site, owner);
    const stream = await follow(browser);
    await stream.until('present');
    await browser.request(`/api/v1/jobs/${job.id}`, { method: 'DELETE' });
    const events = await stream.until('removed');
    expect(events.at(-1)?.data).toEqual({ id: job.id });
    await stream.leave();
  });

  test('does not call a job deleted that newer ones have pushed out', async () => {
    const { site, browser, owner } = await createVisitor();
    await upload(site, owner);
    const stream = await follow(browser);
    await stream.until('present');
    for (let index = 0; index < followedJobs; index++) {
      site.clock.advance(1);
      await upload(site, owner, { metadata: { upload: `u${index}` } });
    }
    const events = [];
    for (let event = await stream.next(); event; event = await stream.next()) {
      events.push(event);
      if (event.data.upload === `u${followedJobs - 1}` && event.data.publishedAt) break;
    }
    expect(events.filter(({ event }) => event === 'removed')).toEqual([]);
    await stream.leave();
  });
});

describe('a reconnect', () => {
  test('sends only what changed since', async () => {
    const { site, browser, owner, ports, clock } = await createVisitor();
    const unchanged = await upload(site, owner);
    clock.advance(1);
    const changing = await upload(site, owner);
    clock.advance(1);
    const last = await upload(site, owner);
    const stream = await follow(browser);
    const seen = (await stream.until('present')).filter(({ event }) => event === 'job');
    expect(seen.map(({ data }) => data.id)).toEqual([unchanged.id, changing.id, last.id]);
    await stream.leave();
    clock.advance(1);
    await fail(changing, ports);
    clock.advance(1);
    const added = await upload(site, owner);

    const again = await follow(browser, seen.at(-1)?.id ?? '');

    const news = await again.until('present');
    expect(news.map(({ data }) => data.id)).toEqual([changing.id, added.id, undefined]);
    expect(news.at(-1)?.data.ids).toEqual([added.id, last.id, changing.id, unchanged.id]);
    await again.leave();
  });

  test.each([1, 2, 3, 4])(
    'brings each change once, wherever the stream was cut, though all were made in one millisecond (seed %i)',
    async (seed) => {
      const random = seededRandom(seed);
      const { site, browser, owner, ports } = await createVisitor();
      const jobs = [];
      for (let index = 0; index < 5; index++) jobs.push(await upload(site, owner));
      const seen: string[] = [];
      let lastEventId = '';
      for (let cut = 0; cut < 15; cut++) {
        const stream = await follow(browser, lastEventId);
        const take = (events: ReceivedEvent[]) => {
          for (const { event, data, id } of events) {
            if (event === 'job') seen.push(`${data.id} ${data.revision}`);
            if (id !== null) lastEventId = id;
          }
        };
        take(await stream.until('present'));
        const changes = Math.floor(random() * 4);
        for (let change = 0; change < changes; change++) {
          const job = jobs[Math.floor(random() * jobs.length)];
          const stored = job && (await ports.jobs.get(job.id));
          if (stored) await ports.jobs.replace(stored, { ...stored.job, attempt: stored.job.attempt + 1 });
          // The others happen while nobody listens.
          if (random() < 0.5) {
            const event = await stream.next();
            take(event ? [event] : []);
          }
        }
        await stream.leave();
      }
      const stream = await follow(browser, lastEventId);
      for (const { event, data } of await stream.until('present')) {
        if (event === 'job') seen.push(`${data.id} ${data.revision}`);
      }
      await stream.leave();
      expect(seen).toHaveLength(new Set(seen).size);
      for (const { id } of jobs) {
        const { revision } = (await ports.jobs.get(id))?.job ?? {};
        expect(seen).toContain(`${id} ${revision}`);
      }
    },
  );

  test('to an instance that is behind brings nothing twice, and what it had not listed', async () => {
    let behind: ((changes: JobChange[]) => void) | null = null;
    const late: JobChange[] = [];
    const site = createTestApi((ports) => {
      const watch: JobFeed['watch'] = (filter, limit, onChanges, onError) =>
        ports.feed.watch(
          filter,
          limit,
          (changes) => {
            if (behind === null) onChanges(changes);
            else late.push(...changes);
            behind ??= onChanges;
          },
          onError,
        );
      return { ...ports, feed: { ...ports.feed, watch } };
    });
    const { browser, owner, ports } = await createVisitor(site);
    const known = await upload(site, owner);
    // The feed of this instance begins here, and hears of nothing more for now.
    const first = await follow(browser);
    await first.until('present');
    await fail(known, ports);
    const added = await upload(site, owner);
    const { position } = (await ports.feed.newest(1))[0] ?? expect.fail('There is no job.');
    // Another instance has told the browser of all that.
    const stream = await follow(browser, `${position}-${added.id}`);
    expect((await stream.until('present')).map(({ data }) => data)).toEqual([{ ids: [known.id] }]);
    expect(late.length).toBeGreaterThan(0);
    (behind as ((changes: JobChange[]) => void) | null)?.(late);
    // The browser has dropped what was not listed.
    expect((await stream.next())?.data.id).toBe(added.id);
    for (const each of [first, stream]) await each.leave();
  });

  test('with an id that is none of ours begins anew', async () => {
    const { site, browser, owner } = await createVisitor();
    const job = await upload(site, owner);
    for (const id of ['nonsense', '-', '99999999999999999999-x', `x-${job.id}`]) {
      const stream = await follow(browser, id);
      expect((await stream.until('present'))[0]?.data.id).toBe(job.id);
      await stream.leave();
    }
  });
});

describe('what a stream holds', () => {
  test('is one watch for all pages of an owner, and none once they are closed', async () => {
    let opened = () => 0;
    const site = createTestApi((ports) => {
      const watched = watchedFeed(ports.feed);
      opened = () => watched.open.size;
      return { ...ports, feed: watched.feed };
    });
    const { browser } = await createVisitor(site);
    const { browser: other } = await createVisitor(site);
    const streams = [await follow(browser), await follow(browser), await follow(other)];
    for (const stream of streams) await stream.until('present');
    expect([opened(), site.streams.open]).toEqual([2, 3]);
    await streams[0]?.leave();
    expect([opened(), site.streams.open]).toEqual([2, 2]);
    await streams[1]?.leave();
    await streams[2]?.leave();
    expect([opened(), site.streams.open, site.liveJobs.watches, site.clock.timerCount]).toEqual([0, 0, 0, 0]);
  });

  test('is bounded for each owner', async () => {
    const { site, browser } = await createVisitor();
    const { browser: other } = await createVisitor(site);
    const streams = [];
    for (let index = 0; index < 8; index++) streams.push(await follow(browser));
    const refused = await browser.request('/api/v1/events');
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('10');
    expect(problemSchema.parse(await refused.json()).code).toBe('too_many_streams');
    streams.push(await follow(other));
    await streams[0]?.leave();
    streams.push(await follow(browser));
    for (const stream of streams) await stream.leave();
  });

  test('does not grow while nobody reads: what changes again replaces what waits', async () => {
    const { site, browser, owner, ports } = await createVisitor();
    const job = await upload(site, owner);
    const stream = await follow(browser);
    await stream.until('present');
    for (let attempt = 1; attempt <= 100; attempt++) {
      const stored = await ports.jobs.get(job.id);
      if (stored) await ports.jobs.replace(stored, { ...stored.job, attempt });
    }
    const other = await upload(site, owner);
    const events = [await stream.next()];
    while (events.at(-1)?.data.id !== other.id) events.push(await stream.next());
    // The first change meets a reader that was waiting; the others wait, and only the last of them is sent.
    expect(events.length).toBeLessThanOrEqual(4);
    expect(events.filter((event) => event?.data.id === job.id).at(-1)?.data.attempt).toBe(100);
    await stream.leave();
  });
});

test('a heartbeat comes every 15 seconds', async () => {
  const { browser, clock } = await createVisitor();
  const stream = await follow(browser);
  await stream.until('present');
  clock.advance(15_000);
  expect(await stream.nextFrame()).toBe(': still here');
  clock.advance(15_000);
  expect(await stream.nextFrame()).toBe(': still here');
  await stream.leave();
});

test('a stream ends after ten minutes, so that its cookie is asked for again', async () => {
  const { browser, clock, streams } = await createVisitor();
  const stream = await follow(browser);
  await stream.until('present');
  clock.advance(600_000);
  expect(await stream.next()).toBeNull();
  expect([streams.open, clock.timerCount]).toEqual([0, 0]);
});

describe('when the database fails', () => {
  test('every stream of that watch ends, says nothing of why, and the next one works', async () => {
    const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
    let breakWatch = () => {};
    const site = createTestApi((ports) => {
      const watched = watchedFeed(ports.feed);
      breakWatch = () => watched.errors[0]?.(new Error('permission denied for secret@project'));
      return { ...ports, feed: watched.feed, log };
    });
    const { browser, owner } = await createVisitor(site);
    const streams = [await follow(browser), await follow(browser)];
    for (const stream of streams) await stream.until('present');
    breakWatch();
    for (const stream of streams) {
      expect(await stream.next()).toBeNull();
      expect(stream.raw.join()).not.toContain('secret');
    }
    expect([site.streams.open, site.liveJobs.watches, site.clock.timerCount]).toEqual([0, 0, 0]);
    expect(log.warn).toHaveBeenCalledOnce();
    const job = await upload(site, owner);
    const again = await follow(browser);
    expect((await again.until('present'))[0]?.data.id).toBe(job.id);
    await again.leave();
  });

  test('while it is asked whether a job was deleted, the stream ends', async () => {
    let broken = false;
    const site = createTestApi((ports) => ({
      ...ports,
      jobs: {
        ...ports.jobs,
        get: (id) => (broken ? Promise.reject(new OutageError('gone')) : ports.jobs.get(id)),
      },
    }));
    const { browser, owner, memory } = await createVisitor(site);
    const job = await upload(site, owner);
    const stream = await follow(browser);
    await stream.until('present');
    broken = true;
    const stored = await memory.jobs.get(job.id);
    if (stored) await memory.jobs.replace(stored, { ...stored.job, deletedAt: new Date() });
    expect(await stream.next()).toBeNull();
    await until(() => site.streams.open === 0);
  });
});
