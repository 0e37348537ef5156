import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { openDatabase } from '@spillway/pipeline/embedded/database.ts';
import { createMessages } from '@spillway/pipeline/embedded/messages.ts';
import { subscriptions } from '@spillway/pipeline/embedded/subscriptions.ts';
import { readPush } from '@spillway/pipeline/gcp/read-push.ts';
import { readStorageEvent } from '@spillway/pipeline/gcp/storage-event.ts';
import { Pusher } from '@spillway/pipeline/push/pusher.ts';
import { subscriptionNames } from '@spillway/pipeline/topics.ts';
import { expect, it, onTestFinished } from 'vitest';
import { embeddedSources } from './embedded-source.ts';
import type { PushForm } from './push-requests.ts';

/** Pushes one subscription of a new database to a server that gives these answers, and 204 after them. */
async function push(subscription: string, form: PushForm, answers: number[] = []) {
  const directory = mkdtempSync(join(tmpdir(), 'embedded-source-'));
  const path = join(directory, 'spillway.db');
  const database = await openDatabase(path);
  const requests: { headers: IncomingHttpHeaders; body: string }[] = [];
  const server = createServer(async (request, response) => {
    requests.push({ headers: request.headers, body: await text(request) });
    response.writeHead(answers.shift() ?? 204).end();
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const sourceOf = await embeddedSources(path, 'demo');
  const pusher = new Pusher({
    name: subscription,
    source: sourceOf(subscription, form),
    send: async ({ headers, body }, signal) =>
      (await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers, body, signal })).status,
    deadlineMs: 60_000,
    log: () => {},
  });
  void pusher.run();
  onTestFinished(async () => {
    await pusher.stop();
    server.close();
    database.close();
    rmSync(directory, { recursive: true });
  });
  return { messages: createMessages(database), requests };
}

const object = {
  bucket: 'uploads',
  name: 'sketch/ü.png',
  generation: '1',
  size: '3',
  contentType: 'image/png',
  timeCreated: '2026-01-01T00:00:00.000Z',
};
const notification = {
  data: JSON.stringify(object),
  attributes: { eventType: 'OBJECT_FINALIZE', bucketId: 'uploads', objectId: object.name },
};

it.each(['eventarc', 'wrapped'] as const)('pushes an upload as the router reads it (%s)', async (form) => {
  const { messages, requests } = await push(subscriptionNames.uploads, form);
  await messages.publish(subscriptions.uploads, notification);
  await expect.poll(() => messages.firstDueAt(subscriptions.uploads)).toBeNull();
  const [request] = requests;
  const event = readStorageEvent({
    headers: request?.headers ?? {},
    body: JSON.parse(request?.body ?? ''),
  });
  expect(event).toMatchObject({ kind: 'finalized', object: { name: object.name, size: 3 }, eventId: '1' });
});

it('pushes a job to Cloud Run, and once more what was refused, with its attempts', async () => {
  const { messages, requests } = await push(subscriptionNames.run, 'wrapped', [429]);
  await messages.publish(subscriptions.run, { data: '{"jobId":"a"}', attributes: {} });
  await expect.poll(() => messages.firstDueAt(subscriptions.run)).toBeNull();
  expect(requests.map(({ body }) => readPush(body).data)).toEqual(['{"jobId":"a"}', '{"jobId":"a"}']);
  expect(requests.map(({ body }) => JSON.parse(body))).toMatchObject([
    { deliveryAttempt: 1, subscription: 'projects/demo/subscriptions/jobs-run-push' },
    { deliveryAttempt: 2 },
  ]);
});

it('has no subscription by another name', async () => {
  await expect(push('other', 'wrapped')).rejects.toThrow('no subscription other');
});
