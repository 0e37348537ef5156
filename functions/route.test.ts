import type { AddressInfo } from 'node:net';
import { http } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import { OutageError, RefusedError } from '@spillway/core/errors.ts';
import { findDueUploads } from '@spillway/pipeline/find-lost-uploads.ts';
import { createMemoryPorts, type MemoryPorts } from '@spillway/pipeline/memory/ports.ts';
import { withGoogleEvents } from '@spillway/pipeline/testing/google-events.ts';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createRouteFunction } from './route.ts';

interface Post {
  headers?: Record<string, string>;
  body: string;
}

/** Posts a request through the real framework. */
async function send(
  ports: MemoryPorts,
  { headers = {}, body }: Post,
): Promise<{ status: number; text: string }> {
  http('route-under-test', createRouteFunction(withGoogleEvents(ports)));
  const server = getTestServer('route-under-test').listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}/`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer secret', ...headers },
    body,
  });
  return { status: response.status, text: await response.text() };
}

const finalized = 'google.cloud.storage.object.v1.finalized';
const cloudEvent = (type: string) => ({
  'ce-id': 'event-1',
  'ce-type': type,
  'ce-source': '//storage.googleapis.com/projects/_/buckets/uploads',
  'ce-specversion': '1.0',
  'ce-time': '2026-01-01T12:00:00Z',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
});

/** As Eventarc does in binary mode. */
async function post(ports: MemoryPorts, body: unknown, type = finalized): Promise<number> {
  return (await send(ports, { headers: cloudEvent(type), body: JSON.stringify(body) })).status;
}

const object = {
  kind: 'storage#object',
  bucket: 'uploads',
  name: 'sketch/cät %41.jpg',
  generation: '1700000000000001',
  metageneration: '1',
  size: '1000',
  contentType: 'image/jpeg',
  timeCreated: new Date().toISOString(),
};
const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64');
const jobsIn = async (ports: MemoryPorts) => (await ports.feed.find({}, 10, null)).jobs;

describe('the routing function', () => {
  it('makes a job of a storage event, with its name untouched and its trace', async () => {
    const ports = createMemoryPorts();
    expect(await post(ports, object)).toBe(204);
    expect(await jobsIn(ports)).toMatchObject([
      { source: { name: object.name, size: 1_000 }, trace: expect.stringMatching(/^00-0af/) },
    ]);
  });

  it.each<[string, Post]>([
    [
      'a structured CloudEvent',
      {
        headers: { 'content-type': 'application/cloudevents+json' },
        body: JSON.stringify({ specversion: '1.0', type: finalized, id: 'e', source: 's', data: object }),
      },
    ],
    [
      'a structured CloudEvent with packed data',
      {
        headers: { 'content-type': 'application/cloudevents+json' },
        body: JSON.stringify({ specversion: '1.0', type: finalized, id: 'e', data_base64: base64(object) }),
      },
    ],
    [
      'a notification that Pub/Sub pushes',
      {
        body: JSON.stringify({
          message: { data: base64(object), attributes: { eventType: 'OBJECT_FINALIZE' }, messageId: '1' },
          subscription: 'projects/p/subscriptions/s',
        }),
      },
    ],
    [
      'a notification without its wrapper',
      { headers: { eventType: 'OBJECT_FINALIZE' }, body: JSON.stringify(object) },
    ],
    [
      'one that does not say what it is',
      { headers: { 'content-type': 'application/octet-stream' }, body: JSON.stringify(object) },
    ],
    [
      'a notification by way of a trigger on its topic',
      {
        headers: cloudEvent('google.cloud.pubsub.topic.v1.messagePublished'),
        body: JSON.stringify({
          message: { data: base64(object), attributes: { eventType: 'OBJECT_FINALIZE' } },
        }),
      },
    ],
  ])('reads %s', async (_, request) => {
    const ports = createMemoryPorts();
    expect((await send(ports, request)).status).toBe(204);
    expect(await jobsIn(ports)).toMatchObject([{ source: { name: object.name } }]);
    expect(ports.queue.buried).toEqual([]);
  });

  it.each<[string, Post]>([
    [
      'is deleted',
      { headers: cloudEvent('google.cloud.storage.object.v1.deleted'), body: JSON.stringify(object) },
    ],
    [
      'is archived',
      {
        body: JSON.stringify({
          message: { data: base64(object), attributes: { eventType: 'OBJECT_ARCHIVE' } },
        }),
      },
    ],
    [
      'gets other metadata',
      { headers: { eventType: 'OBJECT_METADATA_UPDATE' }, body: JSON.stringify(object) },
    ],
  ])('makes no job of an object that %s', async (_, request) => {
    const ports = createMemoryPorts();
    expect((await send(ports, request)).status).toBe(204);
    expect(await jobsIn(ports)).toEqual([]);
    expect(ports.queue.buried).toEqual([]);
  });

  it('answers 5xx when a service does not answer, and names the object', async () => {
    const ports = createMemoryPorts();
    ports.jobs.create = () => Promise.reject(new OutageError('Firestore did not answer.'));
    const errors: string[] = [];
    const { error } = console;
    console.error = (...words) => void errors.push(words.map(String).join(' '));
    onTestFinished(() => {
      console.error = error;
    });
    expect(await post(ports, object)).toBe(500);
    expect(errors.join()).toContain(`gs://uploads/${object.name}#${object.generation}`);
    expect(errors.join()).toContain('event-1');
    expect(ports.queue.buried).toEqual([]);
  });

  it.each<[string, Post]>([
    ['an event without a name', { headers: cloudEvent(finalized), body: '{"bucket":"uploads"}' }],
    [
      'another service’s event',
      { headers: cloudEvent('google.cloud.audit.log.v1.written'), body: '{"a":1}' },
    ],
    ['a push that holds no JSON', { body: JSON.stringify({ message: { data: '%%%' } }) }],
    [
      'a notification without a payload',
      { body: JSON.stringify({ message: { data: '', attributes: { objectId: 'x' } } }) },
    ],
    ['text', { headers: { 'content-type': 'text/plain' }, body: 'sketch/cat.jpg' }],
    ['an object that was changed since', { body: JSON.stringify({ ...object, metageneration: '2' }) }],
  ])('keeps %s whole, headers and body, without what opens doors', async (_, request) => {
    const ports = createMemoryPorts();
    expect((await send(ports, request)).status).toBe(204);
    const [buried] = ports.queue.buried;
    const kept = JSON.parse(buried?.data ?? '');
    expect(kept).toMatchObject({ method: 'POST', body: request.body, headers: request.headers ?? {} });
    expect(buried?.data).not.toContain('secret');
    expect(await ports.passedOver.recent(10)).toMatchObject([{ task: 'routing' }]);
  });

  it('keeps bytes that are no text as they came', async () => {
    const ports = createMemoryPorts();
    const body = Buffer.from([0xff, 0xfe, 0x00, 0x80]);
    const request = {
      headers: { 'content-type': 'application/octet-stream' },
      body: body as unknown as string,
    };
    expect((await send(ports, request)).status).toBe(204);
    expect(JSON.parse(ports.queue.buried[0]?.data ?? '').bodyBase64).toBe(body.toString('base64'));
  });

  it('puts the event of a database that refuses everything aside; the search brings the object back', async () => {
    const ports = createMemoryPorts();
    const stored = ports.blobs.upload('uploads', 'sketch/cat.jpg', Buffer.from('cat'));
    const { create } = ports.jobs;
    ports.jobs.create = () =>
      Promise.reject(new RefusedError('Firestore refuses: PERMISSION_DENIED', { scope: 'service' }));
    expect(await post(ports, stored)).toBe(204);
    const { bucket, name, generation } = stored;
    const kept = JSON.parse(ports.queue.buried[0]?.data ?? '');
    expect(kept).toMatchObject({
      bucket,
      name,
      generation,
      eventId: 'event-1',
      headers: { 'ce-id': 'event-1' },
    });
    expect(JSON.parse(kept.body)).toMatchObject({ name, metadata: {} });
    expect(await ports.passedOver.recent(10)).toMatchObject([
      { item: `gs://uploads/sketch/cat.jpg#${generation}` },
    ]);
    ports.jobs.create = create;
    const found = await findDueUploads({ youngestMs: -60_000, goesOn: () => true }, ports);
    expect(found).toMatchObject({ made: 1, passedOver: 0, complete: true });
    expect(await jobsIn(ports)).toMatchObject([{ source: { name, generation } }]);
  });

  it('answers 5xx where the event cannot even be put aside', async () => {
    const ports = createMemoryPorts();
    const refused = () => Promise.reject(new RefusedError('PERMISSION_DENIED', { scope: 'service' }));
    ports.jobs.create = refused;
    ports.queue.bury = refused;
    expect(await post(ports, object)).toBe(500);
  });

  it('gives up after a day what fails each time', async () => {
    const ports = createMemoryPorts();
    ports.jobs.create = () => Promise.reject(new TypeError('A fault of ours.'));
    expect(await post(ports, object)).toBe(500);
    const yesterday = new Date(Date.now() - 25 * 3_600_000).toISOString();
    expect(await post(ports, { ...object, timeCreated: yesterday })).toBe(204);
    expect(ports.queue.buried).toHaveLength(1);
  });

  it('takes an owner from objects in the bucket of the site’s uploads alone', async () => {
    const ports = createMemoryPorts();
    const metadata = { operation: 'sketch' };
    await post(ports, { ...object, bucket: 'uploads', name: 'web/ann/u1/1.jpg', metadata });
    await post(ports, { ...object, bucket: 'web-uploads', name: 'ann/u1/1.jpg', metadata });
    const owners = (await jobsIn(ports)).map(({ source, owner }) => [source.bucket, owner]);
    expect(owners.sort()).toEqual([
      ['uploads', null],
      ['web-uploads', 'ann'],
    ]);
  });

  it('makes no job of an object in the results bucket', async () => {
    const ports = createMemoryPorts();
    expect(await post(ports, { ...object, bucket: 'results' })).toBe(204);
    expect(await jobsIn(ports)).toEqual([]);
  });
});
