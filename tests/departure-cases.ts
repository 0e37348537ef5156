import { randomUUID } from 'node:crypto';
import { parseJobMessage } from '@spillway/core/messages.ts';
import type { AppPorts } from '@spillway/pipeline/ports/ports.ts';
import { Flights } from '@spillway/worker/flights.ts';
import { startPulling } from '@spillway/worker/pull-loop.ts';
import { expect, it, onTestFinished } from 'vitest';

const slots = 4;

/** A queue with nothing in it, whose ack deadline does not pass within a test: what a VM that has left took with it never comes. */
export interface EmptyQueue {
  ports: AppPorts;
  /** Lets messages come that were given back. */
  endPauses(): void;
}

/** A VM that has nothing to do for its messages. */
async function vm(ports: AppPorts) {
  const handled: string[] = [];
  const pulling = startPulling('vm', {
    flights: new Flights({
      slots,
      mostBytes: 1,
      clock: ports.clock,
      timers: ports.timers,
      serviceMs: () => 0,
      sharesLine: true,
    }),
    giveBackWaiting() {},
    ports,
    async work({ data }) {
      handled.push(jobIdOf(data));
      return { kind: 'dropped', ack: true, why: 'ended' };
    },
    workNext: async () => ({ kind: 'nothing_waits', ack: true }),
  });
  onTestFinished(pulling.stop);
  const publish = async (count: number) => {
    const ids = Array.from({ length: count }, () => randomUUID());
    const messages = ids.map((jobId) =>
      ports.queue.publish('vm', { schemaVersion: 1, jobId, epoch: 0 }, null),
    );
    await Promise.all(messages);
    return ids;
  };
  return { pulling, handled, publish };
}

function jobIdOf(data: string): string {
  const parsed = parseJobMessage(data);
  return parsed.kind === 'message' ? parsed.message.jobId : data;
}

/** A VM works and leaves. Resolves to the messages that it had no time for, and to those that others are given. */
async function leave(
  { ports, endPauses }: EmptyQueue,
  whileLeaving: number,
): Promise<{ expected: string[]; others: string[] }> {
  const { pulling, handled, publish } = await vm(ports);
  const first = await publish(slots);
  await expect.poll(() => handled.toSorted()).toEqual(first.toSorted());
  const leaving = pulling.stop();
  const expected = await publish(whileLeaving);
  await leaving;
  endPauses();
  expected.push(...(await publish(slots)));

  const others: string[] = [];
  while (others.length < expected.length) {
    const message = await ports.consumer.pull('vm');
    if (!message) continue;
    others.push(jobIdOf(message.data));
    await ports.consumer.settle(message.ackId, true);
  }
  expect(handled).toHaveLength(slots);
  return { expected: expected.sort(), others: others.sort() };
}

/** @param emptyQueue Another one at each call. */
export function testDeparture(emptyQueue: () => Promise<EmptyQueue>): void {
  it('a VM that leaves takes no message with it, neither while it leaves nor after', async () => {
    // Several VMs, because a pull that was cancelled took only some messages with it.
    const departures = [0, 0, 0, 1, slots, slots].map(async (count) => leave(await emptyQueue(), count));
    for (const { expected, others } of await Promise.all(departures)) expect(others).toEqual(expected);
  });
}
