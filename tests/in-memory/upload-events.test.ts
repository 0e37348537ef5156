import type { AddressInfo } from 'node:net';
import { http } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import {
  pushRequest,
  type ReceivedMessage,
  recordedEvent,
} from '@spillway/emulators/pusher/push-requests.ts';
import { createRouteFunction } from '@spillway/functions/route.ts';
import { createMemoryPorts } from '@spillway/pipeline/memory/ports.ts';
import type { PushRequest } from '@spillway/pipeline/push/pusher.ts';
import { withGoogleEvents } from '@spillway/pipeline/testing/google-events.ts';
import { expect, it, onTestFinished } from 'vitest';

const { headers: recordedHeaders, body } = recordedEvent;
const subscription = 'projects/demo/subscriptions/uploads-finalized-push';

/** The bucket's notification of the recorded event's object. */
function notification(eventType = 'OBJECT_FINALIZE'): ReceivedMessage {
  return {
    data: Buffer.from(JSON.stringify(body)),
    attributes: {
      eventType,
      eventTime: String(recordedHeaders['ce-time']),
      bucketId: String(body.bucket),
      objectId: String(body.name),
      objectGeneration: String(body.generation),
      payloadFormat: 'JSON_API_V1',
    },
    messageId: String(recordedHeaders['ce-id']),
    publishTime: new Date(),
    deliveryAttempt: null,
  };
}

/** Sends a request through the real framework. Resolves to the jobs that it leads to, as far as they are the upload's. */
async function jobsFrom(request: PushRequest) {
  const ports = createMemoryPorts();
  const buckets = { ...ports.buckets, uploads: String(body.bucket) };
  http('route-recorded', createRouteFunction(withGoogleEvents({ ...ports, buckets })));
  const server = getTestServer('route-recorded').listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', ...request });
  expect(answer.status).toBe(204);
  expect(ports.queue.buried).toEqual([]);
  const { jobs } = await ports.feed.find({}, 10, null);
  return jobs.map(({ id, operation, options, source, batch, owner }) => ({
    id,
    operation,
    options,
    source,
    batch,
    owner,
  }));
}

const recorded: PushRequest = { headers: recordedHeaders, body: JSON.stringify(body) };

it('the pusher sends what was recorded of Eventarc', () => {
  const { headers, body: sent } = pushRequest('eventarc', notification(), subscription);
  const { traceparent, ...others } = headers;
  expect(traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  expect({ ...others, traceparent: recordedHeaders.traceparent }).toEqual(recordedHeaders);
  expect(JSON.parse(sent)).toEqual(body);
});

it.each([
  ['Eventarc', pushRequest('eventarc', notification(), subscription)],
  ['the bucket itself', pushRequest('wrapped', notification(), subscription)],
])('an event from %s leads to the job of the recorded one', async (_, request) => {
  const jobs = await jobsFrom(request);
  expect(jobs).toMatchObject([
    { operation: 'sketch', source: { name: body.name, generation: body.generation } },
  ]);
  expect(jobs).toEqual(await jobsFrom(recorded));
});

it.each(['OBJECT_DELETE', 'OBJECT_ARCHIVE', 'OBJECT_METADATA_UPDATE'])('%s leads to none', async (type) => {
  expect(await jobsFrom(pushRequest('eventarc', notification(type), subscription))).toEqual([]);
  expect(await jobsFrom(pushRequest('wrapped', notification(type), subscription))).toEqual([]);
});
