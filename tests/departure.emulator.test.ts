import { randomUUID } from 'node:crypto';
import { emulatorPorts } from '@spillway/pipeline/testing/emulator-ports.ts';
import { subscriptionNames, topicNames } from '@spillway/pipeline/topics.ts';
import { onTestFinished } from 'vitest';
import { testDeparture } from './departure-cases.ts';

/** Seconds. */
const ackDeadline = 600;

testDeparture(async () => {
  const ports = emulatorPorts(`demo-departure-${randomUUID().slice(0, 8)}`);
  onTestFinished(() => ports.close());
  const [topic] = await ports.pubsub.createTopic(topicNames.vm);
  await topic.createSubscription(subscriptionNames.vm, { ackDeadlineSeconds: ackDeadline });
  return { ports, endPauses() {} };
});
