import type { AddressInfo } from 'node:net';
import { cloudEvent } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import { OutageError } from '@spillway/core/errors.ts';
import { createMemoryPorts, type MemoryPorts } from '@spillway/pipeline/memory/ports.ts';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createRouteFunction } from './route.ts';

/** Posts an event through the real framework, as Eventarc does in binary mode. */
async function post(ports: MemoryPorts, body: unknown): Promise<number> {
  cloudEvent('route-under-test', createRouteFunction(ports));
  const server = getTestServer('route-under-test').listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}/`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'ce-id': 'event-1',
      'ce-type': 'google.cloud.storage.object.v1.finalized',
      'ce-source': '//storage.googleapis.com/projects/_/buckets/uploads',
      'ce-specversion': '1.0',
      'ce-time': '2026-01-01T12:00:00Z',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    },
    body: JSON.stringify(body),
  });
  return response.status;
}

const object = {
  kind: 'storage#object',
  bucket: 'uploads',
  name: 'sketch/cät %41.jpg',
  generation: '1700000000000001',
  size: '1000',
  contentType: 'image/jpeg',
  timeCreated: '2026-01-01T12:00:00.000Z',
};

describe('the routing function', () => {
  it('makes a job of a storage event, with its name untouched and its trace', async () => {
    const ports = createMemoryPorts();
    expect(await post(ports, object)).toBe(204);
    const { jobs } = await ports.jobs.find({}, 10, null);
    expect(jobs).toMatchObject([
      { source: { name: object.name, size: 1_000 }, trace: expect.stringMatching(/^00-0af/) },
    ]);
  });

  it('answers 5xx when a service does not answer, so that the event comes again', async () => {
    const ports = createMemoryPorts();
    ports.jobs.create = () => Promise.reject(new OutageError('Firestore did not answer.'));
    expect(await post(ports, object)).toBe(500);
  });

  it('puts an event aside that it can never read', async () => {
    const ports = createMemoryPorts();
    expect(await post(ports, { bucket: 'uploads' })).toBe(204);
    expect(ports.queue.buried).toMatchObject([{ problem: expect.stringContaining('event-1') }]);
  });
});
