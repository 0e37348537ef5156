import { OutageError } from '@spillway/core/errors.ts';
import type { Operate } from '@spillway/pipeline/executor.ts';
import { handleNextInLine, receiveMessage } from '@spillway/pipeline/handle-message.ts';
import { copying, type Workbench, workbench } from '@spillway/pipeline/testing/workbench.ts';
import { expect, it, onTestFinished, vi } from 'vitest';
import { startPulling } from './pull-loop.ts';

/** A VM that pulls from a queue in memory. */
async function vm(operate: Operate = copying, slots = 2) {
  const bench = await workbench();
  const executor = bench.executor('vm-1', operate);
  const settle = vi.spyOn(bench.ports.consumer, 'settle');
  const pulling = startPulling({
    slots,
    ports: bench.ports,
    work: (data) => receiveMessage(data, executor),
    workNext: () => handleNextInLine(executor),
  });
  onTestFinished(pulling.stop);
  /** Results of messages come before their ends. */
  const settled = (count: number) => expect.poll(() => settle.mock.settledResults.length).toBe(count);
  return { bench, pulling, settled };
}

const states = async ({ jobs }: Workbench) => (await jobs()).map(({ state }) => state);

/** What another VM would be given now. */
const forOthers = ({ ports }: Workbench) => ports.consumer.pull(10, new AbortController().signal);

it('a VM does what is published, and settles every message', async () => {
  const { bench, settled } = await vm();
  for (const name of ['a', 'b', 'c', 'd', 'e']) await bench.drop(`sketch/${name}.jpg`);
  await expect.poll(() => states(bench)).toEqual(Array(5).fill('succeeded'));
  await expect.poll(() => bench.ports.queue.messages.vm).toEqual([]);
  await settled(5);
  bench.clock.advance(60_000);
  expect(await forOthers(bench)).toEqual([]);
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

it('a VM that is paused gives back what a pull still brings, and goes on when it may', async () => {
  const { bench, pulling, settled } = await vm();
  const { consumer, queue } = bench.ports;
  const { pull } = consumer;
  const begun = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  consumer.pull = async (...wanted) => {
    begun.resolve();
    await goOn.promise;
    return pull(...wanted);
  };
  await begun.promise;
  pulling.pause(true);
  await bench.drop();
  goOn.resolve();
  await settled(1);
  expect(queue.messages.vm).toHaveLength(1);
  expect(await states(bench)).toEqual(['queued']);
  pulling.pause(false);
  await expect.poll(() => states(bench)).toEqual(['succeeded']);
});

it('a VM keeps the message of a long job from others, also when it takes no new ones', async () => {
  const working = Promise.withResolvers<void>();
  const { bench, pulling, settled } = await vm(async (request) => {
    await working.promise;
    return copying(request);
  });
  await bench.drop();
  await expect.poll(() => states(bench)).toEqual(['processing']);
  await pulling.stop();
  for (let step = 0; step < 20; step++) {
    bench.clock.advance(3_500);
    expect(await forOthers(bench)).toEqual([]);
  }
  working.resolve();
  await expect.poll(() => states(bench)).toEqual(['succeeded']);
  await settled(1);
  bench.clock.advance(60_000);
  expect(await forOthers(bench)).toEqual([]);
});
