import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type JobEnded, jobEndedSchema } from '@spillway/core/messages.ts';
import { noon } from '@spillway/core/testing/sample-job.ts';
import { expect, it, onTestFinished } from 'vitest';
import { silentLog } from '../memory/ports.ts';
import { openDatabase } from './database.ts';
import { startJobEvents } from './job-events.ts';
import { createMessages } from './messages.ts';
import { createEmbeddedQueues } from './queues.ts';
import { subscriptions } from './subscriptions.ts';

const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const ended: JobEnded = {
  ...{ jobId: 'job-1', state: 'succeeded', operation: 'sketch', owner: null, target: 'vm', error: null },
  source: { bucket: 'uploads', name: 'sketch/ü.png', generation: '1' },
  result: { bucket: 'results', name: 'sketch/ü.png', receipt: 'sketch/ü.receipt.json' },
};

/** Announces ends to a server that gives these answers, and 204 after them. */
async function receiver(answers: number[] = []) {
  const directory = mkdtempSync(join(tmpdir(), 'job-events-'));
  const path = join(directory, 'spillway.db');
  const database = await openDatabase(path);
  const requests: { headers: IncomingHttpHeaders; body: string }[] = [];
  const server = createServer(async (request, response) => {
    requests.push({ headers: request.headers, body: await text(request) });
    response.writeHead(answers.shift() ?? 204, { location: '/elsewhere' }).end();
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const { queue } = createEmbeddedQueues(database);
  onTestFinished(() => {
    server.close();
    database.close();
    rmSync(directory, { recursive: true });
  });
  const start = async () => {
    const config = {
      SPILLWAY_JOB_EVENTS_URL: `http://127.0.0.1:${port}/ends`,
      SPILLWAY_JOB_EVENTS_TOKEN: 'secret',
    };
    const push = await startJobEvents(path, config, silentLog);
    onTestFinished(() => push?.stop());
  };
  const messages = createMessages(database);
  const left = () => messages.firstDueAt(subscriptions.events);
  return { path, queue, requests, start, left };
}

it('pushes the end of a job as a CloudEvent, with the configured token', async () => {
  const { queue, requests, start, left } = await receiver();
  await start();
  await queue.announce('job-1-end', ended, noon, trace);
  await expect.poll(left).toBeNull();
  expect(requests).toHaveLength(1);
  expect(requests[0]?.headers).toMatchObject({
    'ce-specversion': '1.0',
    'ce-id': 'job-1-end',
    'ce-type': 'dev.spillway.job.ended.v1',
    'ce-source': '//spillway/jobs',
    'ce-subject': 'job-1',
    'ce-time': noon.toISOString(),
    'content-type': 'application/json',
    traceparent: trace,
    authorization: 'Bearer secret',
  });
  expect(jobEndedSchema.parse(JSON.parse(requests[0]?.body ?? ''))).toEqual(ended);
});

it('pushes again what was refused or sent elsewhere, and what ended before anybody was there', async () => {
  const { queue, requests, start, left } = await receiver([503, 307]);
  await queue.announce('early', ended, noon, null);
  await start();
  await expect.poll(left).toBeNull();
  expect(requests.map(({ headers }) => headers['ce-id'])).toEqual(['early', 'early', 'early']);
});

it('pushes nothing without an address', async () => {
  const { path, queue, left } = await receiver();
  expect(await startJobEvents(path, {}, silentLog)).toBeNull();
  await queue.announce('kept', ended, noon, null);
  expect(await left()).not.toBeNull();
});
