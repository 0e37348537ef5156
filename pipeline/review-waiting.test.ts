import type { Job } from '@spillway/core/job.ts';
import { laneNamesOf } from '@spillway/core/routing/lanes.ts';
import { routingSettingsSchema } from '@spillway/core/settings.ts';
import { steadyStats } from '@spillway/core/testing/learned-service.ts';
import { describe, expect, it } from 'vitest';
import { handleMessage } from './handle-message.ts';
import { newSweepMemory, sweepOnce } from './sweep.ts';
import { type Workbench, workbench } from './testing/workbench.ts';

/** Two VMs' slots, and a warm Cloud Run. */
async function world() {
  const bench = await workbench();
  await bench.beats({ id: 'run-1', kind: 'run', slots: 10 });
  return bench;
}

async function drop(bench: Workbench, count: number, operation = 'sketch'): Promise<Job[]> {
  const jobs: Job[] = [];
  for (let file = 0; file < count; file++) jobs.push(...(await bench.drop(`${operation}/${file}.jpg`)));
  return jobs;
}

/** Handles all messages of a side until none is left. */
async function serveAll(bench: Workbench, target: 'vm' | 'run'): Promise<void> {
  while (bench.ports.queue.messages[target].length > 0) {
    await handleMessage(bench.take(target), bench.executor(`${target}-1`));
  }
}

async function expectAllDone(bench: Workbench, jobs: Job[]): Promise<void> {
  for (const { id } of jobs) expect(await bench.job(id)).toMatchObject({ state: 'succeeded', attempt: 1 });
}

async function setBreaker(bench: Workbench, state: 'paused' | 'closed'): Promise<void> {
  const before = await bench.ports.routerStates.read();
  const until = new Date(bench.clock.now().getTime() + 60_000);
  await bench.ports.routerStates.replace(before, { ...before, breaker: { ...before.breaker, state, until } });
}

const sweep = (bench: Workbench) => sweepOnce('sweeper', bench.ports);

describe('waiting jobs', () => {
  it('stay while they are in time, however often they are looked at', async () => {
    const bench = await world();
    await drop(bench, 3, 'caption');
    for (let second = 0; second < 4; second++) {
      await bench.beats();
      expect(await sweep(bench)).toMatchObject({ moved: 0, republished: 0 });
      bench.clock.advance(1_000);
    }
  });

  it('are looked at further back than the first hundred, too', async () => {
    const routing = routingSettingsSchema.parse({ confidence: 0, objectivesMs: { caption: 190_000 } });
    const bench = await workbench({ routing });
    await bench.beats({ id: 'run-1', kind: 'run', slots: 10 });
    await bench.beats({ slots: 8 });
    const jobs: Job[] = [];
    for (let file = 0; file < 240; file++) {
      jobs.push(...(await bench.drop(`caption/${file}.jpg`)));
      bench.clock.advance(1);
    }
    const onVms = async () =>
      (await Promise.all(jobs.map(({ id }) => bench.job(id)))).filter(({ route }) => route.target === 'vm');
    expect(await onVms()).toHaveLength(240);
    // With a quarter of the slots, those behind the first hundred and thirty or so would be late.
    const memory = newSweepMemory();
    const moved: number[] = [];
    for (let second = 0; second < 8; second += 2) {
      await bench.beats({ slots: 2 });
      moved.push((await sweepOnce('sweeper', bench.ports, memory))?.moved ?? 0);
      bench.clock.advance(2_000);
    }
    expect(moved[0]).toBeGreaterThan(0);
    const left = (await onVms()).length;
    expect(left).toBeGreaterThan(100);
    expect(left).toBeLessThan(150);
  });

  it('go to Cloud Run when the VMs are gone, and their old messages are worthless', async () => {
    const bench = await world();
    const jobs = await drop(bench, 3);
    const old = bench.ports.queue.messages.vm.splice(0);
    bench.clock.advance(6_501);
    expect(await sweep(bench)).toMatchObject({ moved: 3 });
    for (const { id } of jobs) {
      expect((await bench.job(id)).route).toMatchObject({ target: 'run', reason: 'run_no_vm', epoch: 1 });
    }
    for (const message of old) {
      expect(await handleMessage(message, bench.executor())).toMatchObject({ kind: 'dropped', why: 'moved' });
    }
    await serveAll(bench, 'run');
    await expectAllDone(bench, jobs);
  });

  it('go to Cloud Run when the VMs have become too slow for them', async () => {
    const bench = await world();
    const [sketch] = await drop(bench, 1);
    const [caption] = await drop(bench, 1, 'caption');
    // A sketch takes 3 s now.
    await bench.beats({ perOperation: { sketch: steadyStats(20) } });
    expect(await sweep(bench)).toMatchObject({ moved: 1 });
    expect((await bench.job(sketch?.id)).route).toMatchObject({ target: 'run', reason: 'run_vm_late' });
    expect((await bench.job(caption?.id)).route.target).toBe('vm');
  });

  it('come back to the VMs when Cloud Run is paused', async () => {
    const bench = await world();
    await bench.beats({ state: 'starting' });
    const jobs = await drop(bench, 3);
    const old = bench.ports.queue.messages.run.splice(0);
    expect(old).toHaveLength(3);
    await setBreaker(bench, 'paused');
    expect(await sweep(bench)).toMatchObject({ moved: 0 });
    await bench.beats();
    expect(await sweep(bench)).toMatchObject({ moved: 3 });
    for (const message of old) {
      expect(await handleMessage(message, bench.executor('run-1'))).toMatchObject({
        kind: 'dropped',
        why: 'moved',
      });
    }
    await serveAll(bench, 'vm');
    await expectAllDone(bench, jobs);
  });

  it('come back to the VMs when Cloud Run is switched off', async () => {
    const bench = await world();
    await bench.beats({ state: 'starting' });
    const jobs = await drop(bench, 2);
    await bench.beats();
    await bench.ports.settings.changeRouting(routingSettingsSchema.parse({ run: { enabled: false } }), 'ann');
    expect(await sweep(bench)).toMatchObject({ moved: 2 });
    expect((await bench.job(jobs[0]?.id)).route).toMatchObject({ target: 'vm', reason: 'vm_only' });
    await serveAll(bench, 'vm');
    await expectAllDone(bench, jobs);
  });

  it('wait where nothing takes work, none is lost, and all are done once something does', async () => {
    const bench = await world();
    await bench.beats({ state: 'starting' });
    const onRun = await drop(bench, 2);
    await setBreaker(bench, 'paused');
    const nowhere = await drop(bench, 3, 'caption');
    expect(nowhere.map(({ route }) => route.reason)).toEqual(new Array(3).fill('vm_run_paused'));
    for (let second = 0; second < 20; second += 4) {
      bench.clock.advance(4_000);
      expect(await sweep(bench)).toMatchObject({ moved: 0 });
    }
    await bench.beats();
    expect(await sweep(bench)).toMatchObject({ moved: 2 });
    await serveAll(bench, 'vm');
    await expectAllDone(bench, [...onRun, ...nowhere]);
  });

  it('come into lanes, where a router of an earlier version has put them into none', async () => {
    const bench = await world();
    const [job] = await drop(bench, 1);
    if (!job) throw new Error('Nothing was dropped.');
    const old = { ...job, id: `${job.id.slice(0, 30)}5a`, route: { ...job.route, lanes: [] } };
    await bench.ports.jobs.create(old);
    await sweep(bench);
    expect((await bench.job(old.id)).route.lanes).toEqual(laneNamesOf(old.id));
    const { revision } = await bench.job(old.id);
    await sweep(bench);
    expect((await bench.job(old.id)).revision).toBe(revision);
  });

  it('are judged with the moves before them: no more go than Cloud Run can take in time', async () => {
    const bench = await workbench({ routing: routingSettingsSchema.parse({ run: { maxInstances: 2 } }) });
    await bench.beats({ id: 'run-1', kind: 'run', slots: 2 });
    // Captions take 2.9 s and have 15 s: about eight can be done there in that time.
    await drop(bench, 40, 'caption');
    const before = bench.ports.queue.messages.run.length;
    bench.clock.advance(1_000);
    await bench.beats({ state: 'draining' });
    await bench.beats({ id: 'run-1', kind: 'run', slots: 2 });
    await bench.beats({ id: 'vm-2', slots: 2 });
    const moved = (await sweep(bench))?.moved ?? 0;
    expect(before + moved).toBeLessThan(30);
  });

  it('that somebody else has changed are left as they are', async () => {
    const bench = await world();
    const [job] = await drop(bench, 1);
    bench.clock.advance(6_501);
    const { line } = bench.ports.backlog;
    bench.ports.backlog.line = async (target, limit) => {
      bench.ports.backlog.line = line;
      const read = await line(target, limit);
      await handleMessage(bench.take('vm'), bench.executor());
      return read;
    };
    expect(await sweep(bench)).toMatchObject({ moved: 0 });
    expect(await bench.job(job?.id)).toMatchObject({ state: 'succeeded', route: { target: 'vm' } });
  });
});
