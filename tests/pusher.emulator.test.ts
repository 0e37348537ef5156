import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PubSub, v1 } from '@google-cloud/pubsub';
import { emulatorSource } from '@spillway/emulators/pusher/emulator-source.ts';
import { Pusher } from '@spillway/pipeline/push/pusher.ts';
import { googleStack } from '@spillway/pipeline/testing/google-stack.ts';
import { expect, it, onTestFinished } from 'vitest';

const stack = googleStack();
/** The least that Pub/Sub takes. */
const maxDeliveryAttempts = 5;

it('a message that is refused each time is counted, and ends with the dead letters', async () => {
  const pubsub = new PubSub({ projectId: stack.project, apiEndpoint: stack.pubsub, emulatorMode: true });
  const [topic] = await pubsub.createTopic('pusher-test');
  const [deadTopic] = await pubsub.createTopic('pusher-test-dead');
  const [dead] = await deadTopic.createSubscription('pusher-test-dead-pull');
  const [subscription] = await topic.createSubscription('pusher-test-push', {
    ackDeadlineSeconds: 60,
    deadLetterPolicy: { deadLetterTopic: deadTopic.name, maxDeliveryAttempts },
  });
  const config = (await pubsub.getClientConfig()) as ConstructorParameters<typeof v1.SubscriberClient>[0];
  const client = new v1.SubscriberClient(config);
  const bodies: { deliveryAttempt: number; message: { data: string; attributes: object } }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (data) => {
      body += String(data);
    });
    request.on('end', () => {
      bodies.push(JSON.parse(body));
      response.writeHead(503).end();
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const pusher = new Pusher({
    name: 'pusher-test',
    source: emulatorSource(client, subscription.name, 'wrapped'),
    send: async ({ headers, body }, signal) =>
      (await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers, body, signal })).status,
    deadlineMs: 60_000,
    log: () => {},
  });
  void pusher.run();
  const received: string[] = [];
  dead.on('message', (message) => {
    received.push(message.data.toString());
    message.ack();
  });
  onTestFinished(async () => {
    await pusher.stop();
    await dead.close();
    server.close();
    await client.close();
    await pubsub.close();
  });
  await topic.publishMessage({ data: Buffer.from('poison'), attributes: { a: 'b' } });
  await expect.poll(() => received).toEqual(['poison']);
  expect(bodies.map(({ deliveryAttempt }) => deliveryAttempt)).toEqual([1, 2, 3, 4, 5]);
  expect(bodies[0]?.message).toMatchObject({
    data: Buffer.from('poison').toString('base64'),
    attributes: { a: 'b' },
  });
});
