import type { MemoryPorts } from '@spillway/pipeline/memory/ports.ts';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import { expect, test } from 'vitest';
import { createAdmin, createBrowser, createTestApi, upload } from './test-client.ts';
import { readEvents, until } from './test-events.ts';
import { fail, heartbeat } from './test-jobs.ts';

/** Documents that dashboards read, and watches that they open. A count of documents is one read, like a document. */
function countedPorts(memory: MemoryPorts) {
  const counted = { reads: 0, watches: 0 };
  const { feed, fleet } = memory;
  const count = <Value>(documents: number, value: Value): Value => {
    counted.reads += documents;
    return value;
  };
  const ports: Ports = {
    ...memory,
    feed: {
      ...feed,
      newest: async (limit) => {
        const jobs = await feed.newest(limit);
        return count(Math.max(1, jobs.length), jobs);
      },
      countOpen: () => count(4, feed.countOpen()),
      watch(filter, limit, onChanges, onError) {
        counted.watches++;
        const deliver: typeof onChanges = (changes) => onChanges(count(changes.length, changes));
        return feed.watch(filter, limit, deliver, onError);
      },
    },
    fleet: {
      ...fleet,
      read: async () => {
        const reading = await fleet.read();
        return count(Math.max(1, reading.workers.length), reading);
      },
      // Firestore asks with two queries: one for drains, one for pauses.
      controls: async () => {
        const controls = await fleet.controls();
        return count(2 * Math.max(1, controls.size), controls);
      },
      control: (id) => count(1, fleet.control(id)),
    },
    routerStates: { ...memory.routerStates, read: () => count(1, memory.routerStates.read()) },
    settings: { ...memory.settings, readRouting: () => count(1, memory.settings.readRouting()) },
    passedOver: {
      ...memory.passedOver,
      recent: async (limit) => {
        const items = await memory.passedOver.recent(limit);
        return count(Math.max(1, items.length), items);
      },
    },
    metricsDocuments: {
      ...memory.metricsDocuments,
      get: (ids) => count(ids.length, memory.metricsDocuments.get(ids)),
      between: async (first, end, limit) => {
        const read = await memory.metricsDocuments.between(first, end, limit);
        return count(Math.max(1, read.length), read);
      },
    },
  };
  return { ports, counted };
}

/** An API whose dashboards' reads are counted, and where jobs come and fail behind its back. */
async function createSite() {
  let counted = { reads: 0, watches: 0 };
  const site = createTestApi((memory) => {
    const made = countedPorts(memory);
    counted = made.counted;
    return made.ports;
  });
  return { ...site, counted, admin: await createAdmin(site) };
}

/** Lets the turn's reading end: everything in memory answers within some rounds of the event loop. */
async function settle(): Promise<void> {
  for (let round = 0; round < 20; round++) await new Promise((resolve) => setImmediate(resolve));
}

test.each([1, 200])(
  'what %i open dashboards read does not grow with the jobs that pass by',
  async (pages) => {
    const readsWith = async (jobsPerSecond: number) => {
      const { memory, counted, clock, admin, ...site } = await createSite();
      // The page of the newest jobs is full from the start.
      for (let index = 0; index < 120; index++) {
        await fail(await upload({ memory, ports: memory }, 'a'), memory);
      }
      await memory.fleet.beat(heartbeat('vm-1', clock.now()));
      const streams = [];
      for (let page = 0; page < pages; page++) {
        streams.push(readEvents(await admin.request('/api/v1/admin/events')));
      }
      for (const stream of streams) await stream.until('overview');
      expect(counted.watches).toBe(0);
      await settle();
      const before = counted.reads;
      for (let second = 0; second < 20; second++) {
        for (let job = 0; job < jobsPerSecond; job++) {
          await fail(await upload({ memory, ports: memory }, 'a'), memory);
        }
        clock.advance(1_000);
        await settle();
      }
      expect(counted.watches).toBe(0);
      for (const stream of streams) await stream.leave();
      expect([site.streams.open, clock.timerCount]).toEqual([0, 0]);
      return counted.reads - before;
    };
    const few = await readsWith(1);
    expect(await readsWith(25)).toBe(few);
    // Two pages of 40 at once and two documents a second, a look every two seconds, one worker and the numbers.
    expect(few).toBeLessThanOrEqual(80 + 20 * (2 + 1 + 2) + 60);
  },
);

test('while nothing happens, a dashboard reads next to nothing', async () => {
  const { memory, counted, clock, admin } = await createSite();
  for (let index = 0; index < 50; index++) {
    await fail(await upload({ memory, ports: memory }, 'a'), memory);
  }
  const stream = readEvents(await admin.request('/api/v1/admin/events'));
  await stream.until('overview');
  await settle();
  const before = counted.reads;
  for (let second = 0; second < 20; second++) {
    clock.advance(1_000);
    await settle();
  }
  expect(counted.reads - before).toBeLessThanOrEqual(20 * 4);
  await stream.leave();
});

test('200 pages of visitors have one watch each visitor, and share all else', async () => {
  const { counted, liveJobs, clock, streams, ...site } = await createSite();
  const pages = [];
  for (let visitor = 0; visitor < 100; visitor++) {
    const browser = createBrowser(site);
    await browser.owner();
    for (const _page of [1, 2]) pages.push(readEvents(await browser.request('/api/v1/events')));
  }
  for (const page of pages) await page.until('present');
  expect([pages.length, counted.watches, liveJobs.watches]).toEqual([200, 100, 100]);
  for (const page of pages) await page.leave();
  expect([streams.open, liveJobs.watches, clock.timerCount]).toEqual([0, 0, 0]);
});

test('a dashboard tells of jobs as they are when they are read, and of what was deleted', async () => {
  const { memory, clock, admin, ...site } = await createSite();
  const first = await upload({ memory, ports: memory }, 'a');
  const stream = readEvents(await admin.request('/api/v1/admin/events'));
  expect((await stream.until('overview')).find(({ event }) => event === 'job')?.data.id).toBe(first.id);
  await fail(first, memory);
  const second = await upload({ memory, ports: memory }, 'a');
  for (let turn = 0; turn < 2; turn++) {
    clock.advance(1_000);
    await settle();
  }
  const told = [...(await stream.until('job')), ...(await stream.until('job'))].filter(
    ({ event }) => event === 'job',
  );
  expect(told.map(({ data }) => [data.id, data.state])).toEqual([
    [first.id, 'failed'],
    [second.id, 'queued'],
  ]);
  await admin.request(`/api/v1/jobs/${first.id}`, { method: 'DELETE' });
  for (let turn = 0; turn < 2; turn++) {
    clock.advance(1_000);
    await settle();
  }
  expect((await stream.until('removed')).at(-1)?.data).toEqual({ id: first.id });

  // A page that comes back with the last event is told of later changes only.
  const lastEventId = told.at(-1)?.id ?? '';
  await stream.leave();
  await until(() => site.streams.open === 0);
  await fail(second, memory);
  const headers = { 'last-event-id': lastEventId };
  const again = readEvents(await admin.request('/api/v1/admin/events', { headers }));
  const news = (await again.until('present')).filter(({ event }) => event === 'job');
  expect(news.map(({ data }) => [data.id, data.state])).toEqual([[second.id, 'failed']]);
  await again.leave();
});

test('readings that were under way when the last page left tell the next page nothing', async () => {
  const pages: (() => void)[] = [];
  const { memory, clock, ...site } = createTestApi((ports) => ({
    ...ports,
    feed: {
      ...ports.feed,
      async newest(limit) {
        if (limit > 1) await new Promise<void>((resolve) => pages.push(resolve));
        return ports.feed.newest(limit);
      },
    },
  }));
  const admin = await createAdmin(site);
  const first = readEvents(await admin.request('/api/v1/admin/events'));
  await until(() => pages.length === 1);
  await first.leave();
  const second = readEvents(await admin.request('/api/v1/admin/events'));
  await until(() => pages.length === 2);
  pages[1]?.();
  await second.until('overview');
  pages[0]?.();
  await settle();
  await memory.fleet.beat(heartbeat('vm-1', clock.now()));
  for (let turn = 0; turn < 2; turn++) {
    clock.advance(1_000);
    await settle();
  }
  const events = await second.until('workers');
  expect(events.map(({ event }) => event)).toEqual(['workers']);
  await second.leave();
});

test('with 50 workers and a job a second, each page for admins reads no more than 300 documents a minute', async () => {
  for (const topics of ['overview', 'overview,workers', 'overview,jobs']) {
    const { memory, counted, clock, admin } = await createSite();
    for (let index = 0; index < 60; index++) await upload({ memory, ports: memory }, 'a');
    const beat = async () => {
      for (let vm = 0; vm < 50; vm++) await memory.fleet.beat(heartbeat(`vm-${vm}`, clock.now()));
    };
    await beat();
    const stream = readEvents(await admin.request(`/api/v1/admin/events?topics=${topics}`));
    await stream.until('overview');
    await settle();
    expect(counted.reads, `${topics}: to open`).toBeLessThanOrEqual(150);
    for (let minute = 0; minute < 3; minute++) {
      const before = counted.reads;
      for (let second = 0; second < 60; second++) {
        await upload({ memory, ports: memory }, 'a');
        await beat();
        clock.advance(1_000);
        await settle();
      }
      expect(counted.reads - before, `${topics}: minute ${minute}`).toBeLessThanOrEqual(300);
    }
    await stream.leave();
  }
});
