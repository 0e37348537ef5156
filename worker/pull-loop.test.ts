import { OutageError } from '@spillway/core/errors.ts';
import { overTime, waitFor } from '@spillway/core/steps.ts';
import type { Operate } from '@spillway/pipeline/executor.ts';
import { copying, type Workbench, workbench } from '@spillway/pipeline/testing/workbench.ts';
import { expect, it, onTestFinished, vi } from 'vitest';
import { startPulling } from './pull-loop.ts';
import { createWorkload } from './workload.ts';

/** A VM that pulls from a queue in memory. */
async function vm(operate: Operate = copying, slots = 2) {
  const bench = await workbench();
  const settle = vi.spyOn(bench.ports.consumer, 'settle');
  const pulling = pullAs('vm-1', bench, operate, slots);
  /** Results of messages come before their ends. */
  const settled = (count: number) => expect.poll(() => settle.mock.settledResults.length).toBe(count);
  return { bench, pulling, settled };
}

function pullAs(id: string, bench: Workbench, operate: Operate, slots: number) {
  const pulling = startPulling('vm', { ...workloadOf(id, bench, operate, slots), ports: bench.ports });
  onTestFinished(pulling.stop);
  return pulling;
}

function workloadOf(id: string, bench: Workbench, operate: Operate, slots: number) {
  const { operate: _, leaving: __, ...executor } = bench.executor(id);
  return createWorkload(executor, { slots, mostBytes: 2 ** 30 }, () => ({ operate, onOutcome() {} }));
}

const states = async ({ jobs }: Workbench) => (await jobs()).map(({ state }) => state);

/** What another VM would be given now. */
const forOthers = ({ ports }: Workbench) => ports.consumer.pull('vm');

it('a VM does what is published, and settles every message', async () => {
  const { bench, settled } = await vm();
  for (const name of ['a', 'b', 'c', 'd', 'e']) await bench.drop(`sketch/${name}.jpg`);
  await expect.poll(() => states(bench)).toEqual(Array(5).fill('succeeded'));
  await expect.poll(() => bench.ports.queue.messages.vm).toEqual([]);
  await settled(5);
  bench.clock.advance(60_000);
  expect(await forOthers(bench)).toBeNull();
});

it('a VM gives a message back whose job it could not do, and has it again', async () => {
  let outages = 2;
  const { bench } = await vm(async (request) => {
    if (outages-- > 0) throw new OutageError('Cloud Storage did not answer.');
    return copying(request);
  });
  await bench.drop();
  await expect.poll(() => states(bench)).toEqual(['succeeded']);
  expect(outages).toBe(-1);
});

/** Holds every pull open from now on; resolves once each slot has one. */
async function holdPulls({ ports: { consumer } }: Workbench, slots: number) {
  const { pull } = consumer;
  const waiting = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  let pulls = 0;
  consumer.pull = async () => {
    if (++pulls === slots) waiting.resolve();
    await goOn.promise;
    return pull('vm');
  };
  await waiting.promise;
  return { release: goOn.resolve, pulls: () => pulls };
}

it('a VM has a pull for each free slot, and no more', async () => {
  const { bench } = await vm(copying, 3);
  const held = await holdPulls(bench, 3);
  await new Promise(setImmediate);
  expect(held.pulls()).toBe(3);
  held.release();
});

it('a worker that shares with nobody has few pulls that wait, and takes a burst all the same', async () => {
  const enough = Promise.withResolvers<void>();
  const { bench, pulling } = await vm(copying, 1);
  await pulling.stop();
  const waiting: Operate = async (request) => {
    await enough.promise;
    return copying(request);
  };
  const { pull } = bench.ports.consumer;
  let open = 0;
  let most = 0;
  bench.ports.consumer.pull = async (target) => {
    most = Math.max(most, ++open);
    return await overTime(waitFor(pull(target))).finally(() => open--);
  };
  const { flights, work, giveBackWaiting } = workloadOf('vm-1', bench, waiting, 6);
  const few = startPulling('vm', { flights, ports: bench.ports, work, giveBackWaiting }, 2);
  onTestFinished(few.stop);
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) await bench.drop(`sketch/${name}.jpg`);
  await expect.poll(() => states(bench)).toEqual(Array(6).fill('processing'));
  expect(most).toBe(2);
  enough.resolve();
  await expect.poll(() => states(bench)).toEqual(Array(6).fill('succeeded'));
});

it('a worker has the number of slots that it is given while it works', async () => {
  const enough = Promise.withResolvers<void>();
  const operate: Operate = async (request) => {
    await enough.promise;
    return copying(request);
  };
  const { bench, pulling } = await vm(operate, 1);
  const working = async () => (await states(bench)).filter((state) => state === 'processing').length;
  for (const name of ['a', 'b', 'c', 'd']) await bench.drop(`sketch/${name}.jpg`);
  await expect.poll(working).toBe(1);
  pulling.resize(3);
  await expect.poll(working).toBe(3);
  enough.resolve();
  await expect.poll(() => states(bench)).toEqual(Array(4).fill('succeeded'));
});

it('two VMs share a burst: neither has more than it can work on', async () => {
  const enough = Promise.withResolvers<void>();
  const operate: Operate = async (request) => {
    await enough.promise;
    return copying(request);
  };
  const { bench } = await vm(operate, 2);
  pullAs('vm-2', bench, operate, 2);
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) await bench.drop(`sketch/${name}.jpg`);
  const workers = async () => (await bench.jobs()).flatMap(({ claim }) => claim?.worker ?? []).sort();
  await expect.poll(workers).toEqual(['vm-1', 'vm-1', 'vm-2', 'vm-2']);
  expect(bench.ports.queue.messages.vm).toHaveLength(2);
  enough.resolve();
  await expect.poll(() => states(bench)).toEqual(Array(6).fill('succeeded'));
});

it('a VM that is paused gives back what a pull still brings, and goes on when it may', async () => {
  const { bench, pulling, settled } = await vm(copying, 1);
  const held = await holdPulls(bench, 1);
  pulling.pause(true);
  await bench.drop();
  held.release();
  await settled(1);
  expect(bench.ports.queue.messages.vm).toHaveLength(1);
  expect(await states(bench)).toEqual(['queued']);
  pulling.pause(false);
  await expect.poll(() => states(bench)).toEqual(['succeeded']);
});

it('a VM that leaves waits for its pulls, and gives back at once what they bring', async () => {
  const { bench, pulling } = await vm();
  const held = await holdPulls(bench, 2);
  const leaving = pulling.stop();
  await bench.drop('sketch/a.jpg');
  await bench.drop('sketch/b.jpg');
  held.release();
  await leaving;
  // No time has passed that could have ended an ack deadline.
  expect(bench.ports.queue.messages.vm).toHaveLength(2);
  expect(await states(bench)).toEqual(['queued', 'queued']);
});

it('a VM whose subscriber has died does what waits, and gives it a new connection', async () => {
  const { bench, settled } = await vm();
  const { consumer } = bench.ports;
  const { pull } = consumer;
  const dead = async () => {
    await new Promise(setImmediate);
    return null;
  };
  consumer.pull = dead;
  const reconnected = vi.spyOn(consumer, 'reconnect').mockImplementation(async () => {
    consumer.pull = pull;
  });
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) {
    const [job] = await bench.drop(`sketch/${name}.jpg`);
    await expect.poll(async () => (await bench.job(job?.id)).state).toBe('succeeded');
  }
  await expect.poll(() => reconnected.mock.calls.length).toBe(1);
  // Their messages find nothing to do.
  await settled(6);
});

it('a VM does what waits while its queue does not answer', async () => {
  const { bench } = await vm();
  bench.ports.consumer.pull = () => Promise.reject(new OutageError('Pub/Sub did not answer.'));
  await bench.drop();
  await expect.poll(() => states(bench)).toEqual(['succeeded']);
});

it('a VM keeps the message of a long job from others, also when it takes no new ones', async () => {
  const working = Promise.withResolvers<void>();
  const { bench, pulling, settled } = await vm(async (request) => {
    await working.promise;
    return copying(request);
  }, 1);
  // Its message is there before the slot looks at the line, which would need none.
  const held = await holdPulls(bench, 1);
  await bench.drop();
  held.release();
  await expect.poll(() => states(bench)).toEqual(['processing']);
  await pulling.stop();
  for (let step = 0; step < 20; step++) {
    bench.clock.advance(3_500);
    expect(await forOthers(bench)).toBeNull();
  }
  working.resolve();
  await expect.poll(() => states(bench)).toEqual(['succeeded']);
  await settled(1);
  bench.clock.advance(60_000);
  expect(await forOthers(bench)).toBeNull();
});
