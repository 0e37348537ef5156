import { OutageError } from '@spillway/core/errors.ts';
import { isDeferred, type Job } from '@spillway/core/job.ts';
import { overTime } from '@spillway/core/steps.ts';
import { describe, expect, it } from 'vitest';
import { cancelJob } from './cancel.ts';
import { readConditions } from './conditions.ts';
import { decideDeferred } from './decide-deferred.ts';
import { decide } from './enqueue.ts';
import { handleMessage } from './handle-message.ts';
import type { MemoryPorts } from './memory/ports.ts';
import type { RecentArrivals } from './recent-arrivals.ts';
import { routeUpload } from './route.ts';
import { newSweepMemory, sweepOnce } from './sweep.ts';
import { type Workbench, workbench } from './testing/workbench.ts';

const bulk = { 'batch-size': '1000' };

async function dropBulk(bench: Workbench, files: number): Promise<Job[]> {
  const jobs: Job[] = [];
  for (let file = 0; file < files; file++) jobs.push(...(await bench.drop(`sketch/${file}.jpg`, bulk)));
  return jobs;
}

/** The ports, and how often each of their methods is called. */
function counted(ports: MemoryPorts): { ports: MemoryPorts; calls: Record<string, number> } {
  const calls: Record<string, number> = {};
  const counting = <Port extends object>(name: string, port: Port): Port =>
    new Proxy(port, {
      get(target, method, receiver) {
        const value: unknown = Reflect.get(target, method, receiver);
        if (typeof value !== 'function') return value;
        return (...parameters: unknown[]) => {
          const call = `${name}.${String(method)}`;
          calls[call] = (calls[call] ?? 0) + 1;
          return value.apply(target, parameters);
        };
      },
    });
  const { jobs, sums, backlog, fleet, routerStates } = ports;
  return {
    calls,
    ports: {
      ...ports,
      jobs: counting('jobs', jobs),
      sums: counting('sums', sums),
      backlog: counting('backlog', backlog),
      fleet: counting('fleet', fleet),
      routerStates: counting('routerStates', routerStates),
    },
  };
}

describe('a bulk file', () => {
  it('is decided although a VM of an earlier version sweeps as well, and keeps its lease', async () => {
    const bench = await workbench();
    await bench.beats();
    await dropBulk(bench, 1);
    await bench.ports.leases.acquire('sweep', 'a VM of before', 3_000);
    expect(await sweepOnce('a', bench.ports)).toMatchObject({ decided: 1 });
  });

  it('is recorded with one write and no sum, and no worker sees it', async () => {
    const bench = await workbench();
    const { ports, calls } = counted(bench.ports);
    const object = bench.ports.blobs.upload('uploads', 'sketch/1.jpg', Buffer.from('x'), bulk);
    const [job] = await routeUpload(object, null, ports);
    expect(calls).toEqual({ 'jobs.create': 1 });
    expect(job).toMatchObject({
      class: 'bulk',
      publishedAt: null,
      route: { reason: 'reserved', turnAt: null },
    });
    expect(bench.ports.queue.messages).toMatchObject({ vm: [], run: [] });
    expect(await bench.ports.backlog.line('vm', 10)).toEqual([]);
  });

  it('is decided and published by the next sweep, and then done', async () => {
    const bench = await workbench();
    const [job] = await dropBulk(bench, 1);
    expect(await sweepOnce('a', bench.ports)).toMatchObject({ decided: 1, published: 0, republished: 0 });
    expect(await bench.job(job?.id)).toMatchObject({
      publishedAt: bench.clock.now(),
      route: { target: 'vm', reason: 'vm_in_time', epoch: 0, decideBy: null, turnAt: job?.deadlineAt },
    });
    expect(await sweepOnce('a', bench.ports)).toMatchObject({ decided: 0 });
    expect(await handleMessage(bench.take('vm'), bench.executor())).toMatchObject({ kind: 'succeeded' });
  });

  it('is left alone by a repeated event, before and after it is decided', async () => {
    const bench = await workbench();
    const object = bench.ports.blobs.upload('uploads', 'sketch/1.jpg', Buffer.from('x'), bulk);
    const [job] = await routeUpload(object, null, bench.ports);
    expect(await routeUpload(object, null, bench.ports)).toEqual([job]);
    await sweepOnce('a', bench.ports);
    await routeUpload(object, null, bench.ports);
    expect(bench.ports.queue.messages.vm).toHaveLength(1);
  });

  it('that is cancelled before its decision is not decided', async () => {
    const bench = await workbench();
    const [job] = await dropBulk(bench, 1);
    expect(await cancelJob(job?.id ?? '', bench.ports)).toMatchObject({ kind: 'cancelled' });
    expect(await sweepOnce('a', bench.ports)).toMatchObject({ decided: 0, published: 0 });
    expect(await bench.job(job?.id)).toMatchObject({ state: 'cancelled', route: { decideBy: null } });
  });

  it('is cancelled while the sweep decides it, and stays so', async () => {
    const bench = await workbench();
    const [job] = await dropBulk(bench, 1);
    const { besideLine } = bench.ports.sums;
    bench.ports.sums.besideLine = async () => {
      await cancelJob(job?.id ?? '', bench.ports);
      return besideLine();
    };
    await sweepOnce('a', bench.ports);
    expect((await bench.job(job?.id)).state).toBe('cancelled');
    expect(bench.ports.queue.messages.vm).toEqual([]);
  });

  it('gets a message again where the one that was sent is lost', async () => {
    const bench = await workbench();
    const [job] = await dropBulk(bench, 1);
    const { publish } = bench.ports.queue;
    bench.ports.queue.publish = () => Promise.reject(new OutageError('Pub/Sub is away.'));
    const memory = newSweepMemory();
    await sweepOnce('a', bench.ports, memory);
    bench.ports.queue.publish = publish;
    bench.clock.advance(60_000);
    await bench.beats();
    await sweepOnce('a', bench.ports, memory);
    expect(bench.ports.queue.messages.vm).toMatchObject([{ jobId: job?.id }]);
  });

  it('whose operation is no more ends, and the others of its group are decided', async () => {
    const bench = await workbench();
    const [odd] = await dropBulk(bench, 3);
    const stored = await bench.ports.jobs.get(odd?.id ?? '');
    if (!stored) throw new Error('It is there.');
    await bench.ports.jobs.replace(stored, { ...stored.job, operation: 'gone' });
    expect(await sweepOnce('a', bench.ports)).toMatchObject({ decided: 2 });
    expect(await bench.job(odd?.id)).toMatchObject({ state: 'failed', error: { code: 'unknown_operation' } });
  });

  it('costs a handful of reads with hundreds of others, and does not pass for left behind', async () => {
    const bench = await workbench();
    await dropBulk(bench, 500);
    bench.clock.advance(60_000);
    await bench.beats();
    expect(await bench.ports.backlog.unpublished(0, 1_000)).toEqual([]);
    const { ports, calls } = counted(bench.ports);
    expect(await sweepOnce('a', ports)).toMatchObject({ decided: 500, published: 0 });
    const groups = calls['backlog.deferred'] ?? Number.NaN;
    expect(groups).toBeLessThanOrEqual(3);
    expect(calls['jobs.replace']).toBe(500);
    const forGroups = ['sums.besideLine', 'sums.ownerAhead', 'sums.waitingBefore', 'sums.ledgerInTurn'];
    const sums = forGroups.reduce((sum, call) => sum + (calls[call] ?? 0), 0);
    expect(sums).toBeLessThanOrEqual(6 * groups);
  });
});

/** Routers that take everything for a part of a crowd. */
const crowded: RecentArrivals = {
  begin: () => () => {},
  isOfLargeBatch: () => false,
  noteLargeBatch() {},
  isOfCrowd: () => true,
};

/** Ann and Bob drop sixty files while some of Carl's wait, and nothing of theirs is decided yet. */
async function crowd(): Promise<Workbench> {
  const bench = await workbench();
  await bench.beats({ id: 'run-1', kind: 'run', slots: 10 });
  for (let file = 0; file < 6; file++) await bench.dropOnSite(`carl/${file}.jpg`, { operation: 'caption' });
  for (let file = 0; file < 60; file++) {
    const name = `${['ann', 'bob', 'ann'][file % 3]}/${file}.jpg`;
    const metadata = { operation: file % 4 === 0 ? 'remove-background' : 'sketch' };
    const object = bench.ports.blobs.upload('web-uploads', name, Buffer.from(name), metadata);
    await routeUpload(object, null, bench.ports, { arrivals: crowded });
    bench.clock.advance(1);
  }
  return bench;
}

/** Decides the deferred jobs as a router does, one after another. */
async function decideEach({ ports, jobs }: Workbench): Promise<void> {
  const conditions = await overTime(readConditions(ports));
  for (const { id } of (await jobs()).filter(isDeferred).toReversed()) {
    const stored = await ports.jobs.get(id);
    if (!stored) throw new Error('It is there.');
    const { job } = stored;
    const route = { ...job.route, decideBy: null, turnAt: job.deadlineAt };
    const reserved = await ports.jobs.replace(stored, { ...job, route });
    if (!reserved) throw new Error('Nobody else is there.');
    await overTime(decide(reserved, conditions, ports));
  }
}

describe('a group', () => {
  it('is decided as routers would have decided its jobs one after another', async () => {
    const [single, grouped] = [await crowd(), await crowd()];
    await decideEach(single);
    expect((await grouped.jobs()).filter(isDeferred)).toHaveLength(60);
    await overTime(decideDeferred(grouped.ports, new Map(), new AbortController().signal));
    const routes = async (bench: Workbench) =>
      new Map(
        (await bench.jobs()).map(({ source, route: { target, reason, turnAt, ledger } }) => [
          source.name,
          { target, reason, turnAt, ledger },
        ]),
      );
    const ofGroup = await routes(grouped);
    expect(new Set([...ofGroup.values()].map(({ target }) => target))).toEqual(new Set(['vm', 'run']));
    expect(ofGroup).toEqual(await routes(single));
  });
});
