import { randomUUID } from 'node:crypto';
import { parseJobMessage } from '@spillway/core/messages.ts';
import { emulatorPorts } from '@spillway/pipeline/testing/emulator-ports.ts';
import { subscriptionNames, topicNames } from '@spillway/pipeline/topics.ts';
import { startPulling } from '@spillway/worker/pull-loop.ts';
import { expect, it, onTestFinished } from 'vitest';

/** Longer than a test may take: a message that is lost to a VM that has left fails the test. Seconds. */
const ackDeadline = 600;
const slots = 4;

/** A VM in a project of its own that has nothing to do for its messages. */
async function vm() {
  const ports = emulatorPorts(`demo-departure-${randomUUID().slice(0, 8)}`);
  onTestFinished(() => ports.close());
  const [topic] = await ports.pubsub.createTopic(topicNames.vm);
  await topic.createSubscription(subscriptionNames.vm, { ackDeadlineSeconds: ackDeadline });
  const handled: string[] = [];
  const pulling = startPulling('vm', {
    slots,
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
  return { ports, pulling, handled, publish };
}

function jobIdOf(data: string): string {
  const parsed = parseJobMessage(data);
  return parsed.kind === 'message' ? parsed.message.jobId : data;
}

/** A VM works and leaves. Resolves to the messages that it had no time for, and to those that others are given. */
async function leave(whileLeaving: number): Promise<{ expected: string[]; others: string[] }> {
  const { ports, pulling, handled, publish } = await vm();
  const first = await publish(slots);
  await expect.poll(() => handled.toSorted()).toEqual(first.toSorted());
  const leaving = pulling.stop();
  const expected = await publish(whileLeaving);
  await leaving;
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

it('a VM that leaves takes no message with it, neither while it leaves nor after', async () => {
  // Several VMs, because a pull that was cancelled took only some messages with it.
  for (const { expected, others } of await Promise.all([0, 0, 0, 1, slots, slots].map(leave))) {
    expect(others).toEqual(expected);
  }
});
