import { randomUUID } from 'node:crypto';
import { webObjectName } from '@spillway/core/object-names.ts';
import { expect, test } from 'vitest';
import type { z } from 'zod';
import { erasureSchema, jobPageSchema, newShareSchema, problemSchema, retentionSchema } from './schema.ts';
import { type Browser, createBrowser, createTestApi, origin, tinyGif, upload } from './test-client.ts';
import { succeed } from './test-jobs.ts';
import { makeKey } from './test-keys.ts';

async function eraseAll(browser: Browser): Promise<z.infer<typeof erasureSchema>[]> {
  const answers: z.infer<typeof erasureSchema>[] = [];
  for (;;) {
    const response = await browser.request('/api/v1/everything', { method: 'DELETE' });
    expect(response.status).toBe(200);
    const answer = erasureSchema.parse(await response.json());
    answers.push(answer);
    if (answer.done) return answers;
  }
}

test('everything of a visitor goes, with a progress, and nothing of anybody else', async () => {
  const site = createTestApi();
  const visitor = createBrowser(site);
  const owner = await visitor.owner();
  const other = createBrowser(site);
  const batch = randomUUID();
  for (let at = 0; at < 130; at++)
    await succeed(await upload(site, owner, { metadata: { batch } }), tinyGif, site);
  const theirs = await succeed(await upload(site, await other.owner()), tinyGif, site);
  // A file that has arrived and has no job yet, and a result whose job was forgotten.
  const { memory } = site;
  memory.blobs.upload(memory.buckets.webUploads, webObjectName(owner, 'u', 'late.jpg'), tinyGif, {});
  await memory.blobs.writeOnce(memory.buckets.results, `sketch/${owner}/u/old.1.abc.png`, {
    from: { text: 'x' },
    contentType: 'image/png',
  });
  const made = await visitor.post('/api/v1/shares', { batch, name: 'x', hours: 1 });
  const { token, share } = newShareSchema.parse(await made.json());
  const guest = createBrowser(site);
  await guest.post('/api/v1/shared/open', { token });
  expect((await guest.request(`/api/v1/shared/${share.id}`)).status).toBe(200);

  const first = await visitor.request('/api/v1/everything', { method: 'DELETE' });
  expect(erasureSchema.parse(await first.json())).toEqual({ deleted: 100, left: 30, failed: 0, done: false });
  // The link is gone before the pictures are.
  expect((await guest.request(`/api/v1/shared/${share.id}`)).status).toBe(404);
  expect(await eraseAll(visitor)).toEqual([{ deleted: 30, left: 0, failed: 0, done: true }]);

  const names = [...(await memory.blobs.listPage(memory.buckets.webUploads, null)).objects].map(
    ({ name }) => name,
  );
  const results = (await memory.blobs.listPage(memory.buckets.results, null)).objects.map(({ name }) => name);
  expect([...names, ...results].filter((name) => name.includes(owner))).toEqual([]);
  expect(names).toEqual([theirs.source.name]);
  expect(results).toContain(theirs.result?.name);
  expect(await memory.shares.ofOwner(owner, 10)).toEqual([]);
});

test('a guest who asks while the link is removed does not keep it open', async () => {
  const site = createTestApi();
  const visitor = createBrowser(site);
  await visitor.owner();
  const made = await visitor.post('/api/v1/shares', { batch: randomUUID(), name: 'x', hours: 1 });
  const { token, share } = newShareSchema.parse(await made.json());
  const guest = createBrowser(site);
  await guest.post('/api/v1/shared/open', { token });
  const look = async () => (await guest.request(`/api/v1/shared/${share.id}`)).status;
  const { remove } = site.memory.shares;
  site.memory.shares.remove = async (id) => {
    expect(await look()).toBe(200);
    return remove(id);
  };
  await eraseAll(visitor);
  expect(await look()).toBe(404);
});

test('the session ends with it: the same browser is somebody new', async () => {
  const site = createTestApi();
  const visitor = createBrowser(site);
  const owner = await visitor.owner();
  await upload(site, owner);
  const response = await visitor.request('/api/v1/everything', { method: 'DELETE' });
  expect(response.headers.getSetCookie().at(-1)).toMatch(/^spillway_session=; Max-Age=0; Path=\//);
  visitor.cookies.delete('spillway_session');
  expect(await visitor.owner()).not.toBe(owner);
});

test('a job that cannot be deleted now is told, and the next try deletes it', async () => {
  const site = createTestApi();
  const visitor = createBrowser(site);
  const owner = await visitor.owner();
  await upload(site, owner);
  const stubborn = await upload(site, owner);
  const remove = site.memory.blobs.remove;
  site.memory.blobs.remove = async (bucket, name, generation) => {
    if (name === stubborn.source.name) throw new Error('No.');
    return remove(bucket, name, generation);
  };
  const answer = await visitor.request('/api/v1/everything', { method: 'DELETE' });
  const told = erasureSchema.parse(await answer.json());
  expect(told).toMatchObject({ deleted: 1, failed: 1 });
  site.memory.blobs.remove = remove;
  expect((await eraseAll(visitor)).at(-1)?.done).toBe(true);
  const { objects } = await site.memory.blobs.listPage(site.memory.buckets.webUploads, null);
  expect(objects).toEqual([]);
});

test('no key deletes everything of its owner, and no other site’s page does', async () => {
  const site = createTestApi();
  const { key, text } = makeKey(site.clock.now());
  await site.ports.apiKeys.create(key);
  const job = await upload(site, key.owner);
  const refused = await site.api.request(`${origin}/api/v1/everything`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${text}` },
  });
  expect(problemSchema.parse(await refused.json()).code).toBe('missing_scope');
  expect((await site.ports.jobs.get(job.id))?.job.deletedAt).toBeNull();
  const visitor = createBrowser(site);
  await upload(site, await visitor.owner());
  const foreign = await visitor.request('/api/v1/everything', {
    method: 'DELETE',
    headers: { origin: 'https://evil.example' },
  });
  expect(foreign.status).toBe(403);
  expect(jobPageSchema.parse(await (await visitor.request('/api/v1/jobs')).json()).jobs).toHaveLength(1);
});

test('GET /retention says what the buckets are set to, and asks them once a minute', async () => {
  const site = createTestApi();
  const visitor = createBrowser(site);
  const read = async () => retentionSchema.parse(await (await visitor.request('/api/v1/retention')).json());
  expect(await read()).toEqual({
    originals: { kind: 'until_deleted' },
    results: { kind: 'until_deleted' },
    deleted: { kind: 'removed' },
    jobDays: 30,
    tombstoneDays: 400,
    unfinishedDays: 7,
  });
  site.memory.blobs.lifetime = (bucket) => ({ kind: 'days', days: bucket === 'results' ? 90 : 14 });
  site.memory.blobs.deletion = async () => ({ kind: 'kept', forSeconds: 604_800 });
  expect((await read()).originals).toEqual({ kind: 'until_deleted' });
  site.clock.advance(60_000);
  expect(await read()).toMatchObject({
    originals: { kind: 'days', days: 14 },
    results: { kind: 'days', days: 90 },
    deleted: { kind: 'kept', forSeconds: 604_800 },
  });
});
