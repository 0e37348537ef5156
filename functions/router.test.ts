import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { jobEndedSchema } from '@spillway/core/messages.ts';
import { initialSearchPlace } from '@spillway/core/upload-search.ts';
import { parseConfig } from '@spillway/pipeline/config.ts';
import { createBuckets } from '@spillway/pipeline/create-buckets.ts';
import { createPorts } from '@spillway/pipeline/create-ports.ts';
import { openDatabase } from '@spillway/pipeline/embedded/database.ts';
import { createEmbeddedSearchPlaces } from '@spillway/pipeline/embedded/routing-documents.ts';
import { silentLog } from '@spillway/pipeline/memory/ports.ts';
import { embeddedNotifier } from '@spillway/storage-server/embedded-notifier.ts';
import { startStorageServer } from '@spillway/storage-server/server.ts';
import { expect, it, onTestFinished } from 'vitest';
import { routerConfigSchema } from './config.ts';
import { startRouter } from './router.ts';

const buckets = { uploads: 'test-uploads', webUploads: 'test-web-uploads', results: 'test-results' };

/** A storage server that tells of uploads, and ports on the same database. */
async function machine(more: Record<string, string> = {}, now = Date.now) {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-router-'));
  const database = join(folder, 'spillway.db');
  const notifier = await embeddedNotifier(database);
  const storage = await startStorageServer({
    dataDir: join(folder, 'storage'),
    notify: notifier.notify,
    now,
  });
  await createBuckets({
    storage: storage.url,
    project: 'test',
    buckets,
    siteOrigins: [],
    deletion: 'at_once',
  });
  const config = parseConfig(routerConfigSchema, {
    SPILLWAY_ENGINE: 'embedded',
    SPILLWAY_DATABASE: database,
    SPILLWAY_PROJECT: 'test',
    SPILLWAY_UPLOADS_BUCKET: buckets.uploads,
    SPILLWAY_WEB_UPLOADS_BUCKET: buckets.webUploads,
    SPILLWAY_RESULTS_BUCKET: buckets.results,
    SPILLWAY_RUN_URL: 'none',
    STORAGE_EMULATOR_HOST: storage.url,
    ...more,
  });
  const ports = await createPorts(config, silentLog, 'calls');
  onTestFinished(async () => {
    await ports.close();
    await storage.close();
    await notifier.close();
    await rm(folder, { recursive: true, force: true });
  });
  const upload = (name: string) =>
    fetch(`${storage.url}/upload/storage/v1/b/${buckets.uploads}/o?uploadType=media&name=${name}`, {
      method: 'POST',
      headers: { 'content-type': 'image/jpeg' },
      body: 'a picture',
    });
  const names = async () =>
    (await ports.feed.find({}, 100, null)).jobs.map(({ source }) => source.name).sort();
  return { config, upload, names, storage };
}

it('makes jobs of uploads that came before its start and while it runs, each once, until it is stopped', async () => {
  const { config, upload, names } = await machine();
  await upload('sketch/before.jpg');
  const router = await startRouter(config, silentLog);
  await upload('sketch/while.jpg');
  await expect.poll(names).toEqual(['sketch/before.jpg', 'sketch/while.jpg']);
  await router.stop();
  await upload('sketch/after.jpg');
  expect(await names()).toEqual(['sketch/before.jpg', 'sketch/while.jpg']);
  const next = await startRouter(config, silentLog);
  await expect.poll(names).toEqual(['sketch/after.jpg', 'sketch/before.jpg', 'sketch/while.jpg']);
  await next.stop();
});

/** As after a power cut: objects are there, and nobody was told. */
async function tellNobody({ url }: { url: string }): Promise<void> {
  const configs = `${url}/storage/v1/b/${buckets.uploads}/notificationConfigs`;
  const { items } = (await (await fetch(configs)).json()) as { items: { id: string }[] };
  for (const { id } of items) await fetch(`${configs}/${id}`, { method: 'DELETE' });
}

it('finds uploads of whose events nothing is left', async () => {
  const { config, upload, names, storage } = await machine({ SPILLWAY_LOST_AFTER_MS: '0' });
  await tellNobody(storage);
  await upload('sketch/lost.jpg');
  const router = await startRouter(config, silentLog);
  await expect.poll(names).toEqual(['sketch/lost.jpg']);
  await router.stop();
});

it('looks back to the last search, however long the machine was off', async () => {
  const daysAgo = (days: number) => () => Date.now() - days * 24 * 3_600_000;
  const { config, upload, names, storage } = await machine({ SPILLWAY_LOST_AFTER_MS: '0' }, daysAgo(10));
  await tellNobody(storage);
  await upload('sketch/lost.jpg');
  const then = await openDatabase(config.SPILLWAY_DATABASE ?? '', { now: () => new Date(daysAgo(12)()) });
  const place = createEmbeddedSearchPlaces(then, silentLog).of('last_day-uploads');
  await place.replace(initialSearchPlace, { ...initialSearchPlace, coveredAt: new Date(daysAgo(12)()) });
  const router = await startRouter(config, silentLog);
  await expect.poll(names).toEqual(['sketch/lost.jpg']);
  // From now on it looks back from now.
  const searched = async () => (await place.read()).coveredAt?.getTime();
  await expect.poll(searched).toBeGreaterThan(daysAgo(1)());
  await router.stop();
  then.close();
});

it('sends the ends of jobs to the configured address', async () => {
  const bodies: string[] = [];
  const receiver = createServer(async (request, response) => {
    bodies.push(await text(request));
    response.writeHead(204).end();
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  onTestFinished(() => void receiver.close());
  const { port } = receiver.address() as AddressInfo;
  const { config, upload } = await machine({ SPILLWAY_JOB_EVENTS_URL: `http://127.0.0.1:${port}/ends` });
  const router = await startRouter(config, silentLog);
  // Its job fails where it is routed.
  await upload('unknown/cat.jpg');
  await expect
    .poll(() => bodies.map((body) => jobEndedSchema.parse(JSON.parse(body))))
    .toMatchObject([
      { state: 'failed', error: { code: 'unknown_operation' }, source: { name: 'unknown/cat.jpg' } },
    ]);
  await router.stop();
});

it('says how it is', async () => {
  const { config } = await machine({ SPILLWAY_HEALTH_PORT: '0' });
  const router = await startRouter(config, silentLog);
  expect(router.healthPort).toBeGreaterThan(0);
  const answer = await fetch(`http://127.0.0.1:${router.healthPort}/health`);
  expect([answer.status, await answer.json()]).toEqual([200, { status: 'ready' }]);
  await router.stop();
});
