import type { Job } from '@spillway/core/job.ts';
import { routingSettingsSchema } from '@spillway/core/settings.ts';
import { describe, expect, it } from 'vitest';
import { handleMessage } from './handle-message.ts';
import { routeUpload } from './route.ts';
import { sweepOnce } from './sweep.ts';
import { type Workbench, workbench } from './testing/workbench.ts';

/** What a cold caption is expected to cost on Cloud Run, and so a limit that three of them reach. */
const each = 0.0003;
const limit = 2.5 * each;

/** A world without VMs at first, in which Cloud Run may cost so much in an hour. */
async function world(mostDollarsPerHour: number | null = limit) {
  const bench = await workbench({ routing: routingSettingsSchema.parse({ run: { mostDollarsPerHour } }) });
  await bench.beats({ state: 'starting' });
  return bench;
}

let files = 0;
async function drop(bench: Workbench, count: number): Promise<Job[]> {
  const jobs: Job[] = [];
  for (let file = 0; file < count; file++) jobs.push(...(await bench.drop(`caption/${++files}.jpg`)));
  return jobs;
}

const sweep = (bench: Workbench) => sweepOnce('sweeper', bench.ports);
const spent = async (bench: Workbench) => (await bench.ports.routerStates.read()).spentLastHour;
const reasons = (jobs: Job[]) => jobs.map(({ route }) => route.reason);

describe('what Cloud Run costs', () => {
  it('is the sum of what the decisions of an hour expected', async () => {
    const bench = await world(null);
    const jobs = await drop(bench, 3);
    await sweep(bench);
    const sum = jobs.reduce((dollars, { route }) => dollars + route.dollars, 0);
    expect(await spent(bench)).toBeCloseTo(sum, 12);
    expect(sum / 3 / each).toBeGreaterThan(0.8);
    expect(sum / 3 / each).toBeLessThan(1.4);
    bench.clock.advance(3_600_001);
    await sweep(bench);
    // What still waits was not decided lately.
    expect(await spent(bench)).toBe(0);
  });

  it('keeps new work for the VMs once it is as much as it may be, and lets it go again an hour later', async () => {
    const bench = await world();
    expect(reasons(await drop(bench, 3))).toEqual(['run_no_vm', 'run_no_vm', 'run_no_vm']);
    await sweep(bench);
    const [waiting] = await drop(bench, 1);
    expect(waiting?.route).toMatchObject({
      target: 'vm',
      reason: 'vm_over_budget',
      predicted: { run: null, runClosed: 'over_budget' },
      dollars: 0,
    });
    while (bench.ports.queue.messages.run.length > 0) {
      await handleMessage(bench.take('run'), bench.executor('run-1'));
    }
    bench.clock.advance(3_590_000);
    expect(await sweep(bench)).toMatchObject({ moved: 0 });
    bench.clock.advance(10_001);
    expect(await sweep(bench)).toMatchObject({ moved: 1 });
    expect((await bench.job(waiting?.id)).route).toMatchObject({ target: 'run', reason: 'run_no_vm' });
  });

  it('holds between two sweeps, too, and however many routers there are', async () => {
    const bench = await world();
    await sweep(bench);
    const { ports } = bench;
    // Two routers that have read the state before anything was spent, and keep it.
    const state = await ports.routerStates.read();
    const routers = [1, 2].map(() => ({
      ...ports,
      recent: { ...ports.recent, routerState: () => state },
    }));
    bench.clock.advance(10);
    const jobs: Job[] = [];
    for (let file = 0; file < 10; file++) {
      const object = ports.blobs.upload('uploads', `caption/many-${file}.jpg`, Buffer.from('cat'));
      const router = routers[file % 2] ?? ports;
      jobs.push(...(await routeUpload(object, null, router)));
      bench.clock.advance(10);
    }
    expect(reasons(jobs).filter((reason) => reason === 'run_no_vm')).toHaveLength(3);
  });

  it('holds for a group that is decided with one reading', async () => {
    const bench = await world();
    await sweep(bench);
    const metadata = { batch: 'b', 'batch-size': '40' };
    for (let file = 0; file < 40; file++) await bench.drop(`caption/bulk-${file}.jpg`, metadata);
    bench.clock.advance(10);
    await sweep(bench);
    const jobs = await bench.jobs();
    expect(jobs).toHaveLength(40);
    const spentInAll = jobs.reduce((dollars, { route }) => dollars + route.dollars, 0);
    expect(spentInAll).toBeGreaterThan(0);
    expect(spentInAll).toBeLessThan(limit + 2 * each);
  });

  it('is added up by the minute: a sweep asks for a few minutes, whatever an hour has', async () => {
    const bench = await world(null);
    const asked: number[] = [];
    const { runDollars } = bench.ports.sums;
    bench.ports.sums.runDollars = (after, until) => {
      asked.push(until.getTime() - after.getTime());
      return runDollars(after, until);
    };
    const exact = async () => {
      const now = bench.clock.now().getTime();
      return runDollars(new Date(now - 3_600_000), new Date(now));
    };
    for (let minute = 0; minute < 130; minute++) {
      for (let part = 0; part < 3; part++) {
        bench.clock.advance(20_000);
        if (minute % 7 !== 0 && minute < 70) await drop(bench, 1);
        asked.length = 0;
        await sweep(bench);
        expect(await spent(bench)).toBeCloseTo(Number(await exact()), 12);
      }
      if (minute > 0) expect(asked.reduce((sum, ms) => sum + ms)).toBeLessThanOrEqual(4 * 60_000);
    }
    expect(await spent(bench)).toBe(0);
  });

  it('does not count for long what was moved away', async () => {
    const bench = await world(null);
    for (let minute = 0; minute < 5; minute++) {
      await drop(bench, 1);
      bench.clock.advance(60_000);
      await sweep(bench);
    }
    expect(await spent(bench)).toBeGreaterThan(0);
    await bench.beats();
    for (const job of await bench.jobs()) {
      const stored = await bench.ports.jobs.get(job.id);
      const route = { ...job.route, target: 'vm' as const, dollars: 0 };
      if (stored) await bench.ports.jobs.replace(stored, { ...stored.job, route });
    }
    for (let second = 0; second < 120; second += 2) {
      bench.clock.advance(2_000);
      await sweep(bench);
    }
    expect(await spent(bench)).toBe(0);
  });

  it('is no limit where none is set', async () => {
    const bench = await world(null);
    await drop(bench, 5);
    await sweep(bench);
    expect(reasons(await drop(bench, 1))).toEqual(['run_no_vm']);
  });

  it('brings what waits there back to the VMs, and none of it is sent to and fro for ever', async () => {
    const bench = await world();
    const jobs = await drop(bench, 6);
    for (let second = 0; second < 60; second += 2) {
      await bench.beats();
      await sweep(bench);
      bench.clock.advance(2_000);
    }
    for (const { id } of jobs) expect((await bench.job(id)).route.epoch).toBeLessThanOrEqual(4);
    await sweep(bench);
    for (const target of ['vm', 'run'] as const) {
      while (bench.ports.queue.messages[target].length > 0) {
        await handleMessage(bench.take(target), bench.executor(`${target}-1`));
      }
    }
    for (const { id } of jobs) expect((await bench.job(id)).state).toBe('succeeded');
  });
});
