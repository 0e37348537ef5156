import { RefusedError } from '@spillway/core/errors.ts';
import type { Job } from '@spillway/core/job.ts';
import { takeStep } from '@spillway/pipeline/mass-action.ts';
import { expect, test } from 'vitest';
import { massActionStandSchema } from './admin-schema.ts';
import { type Browser, createAdmin, createTestApi, upload } from './test-client.ts';
import { fail } from './test-jobs.ts';

async function createSite(failures: number) {
  const site = createTestApi();
  const { clock, ports } = site;
  const admin = await createAdmin(site);
  const failed: Job[] = [];
  for (let index = 0; index < failures; index++) {
    clock.advance(10);
    failed.push(await fail(await upload(site, 'ann', { name: 'corrupt.jpg' }), ports));
  }
  clock.advance(10);
  return { ...site, site, admin, failed };
}

const failures = { kind: 'matching', query: { state: 'failed', error: 'corrupt_image' } };
const act = (admin: Browser, path: string, body: object) =>
  admin.post(`/api/v1/admin/mass-action${path}`, body);

async function begin(admin: Browser, body: object) {
  const response = await act(admin, '', body);
  expect(response.status).toBe(201);
  const { action } = massActionStandSchema.parse(await response.json());
  return action ?? expect.fail('Nothing has begun.');
}

async function toEnd(admin: Browser, id: string, tab = 'a-tab-of-tests') {
  for (let steps = 1; ; steps++) {
    const stand = massActionStandSchema.parse(await (await act(admin, '/step', { id, tab })).json());
    if (stand.action?.state !== 'running') return { steps, ...stand };
  }
}

test('retries all that match, once, with one entry in the audit that names them and the outcome', async () => {
  const { admin, ports, failed } = await createSite(120);
  const preview = await act(admin, '/preview', { kind: 'retry', which: failures });
  expect(await preview.json()).toEqual({ jobs: 120, exact: true });
  expect((await ports.audit.recent(10, null)).entries).toEqual([]);

  const { id } = await begin(admin, { kind: 'retry', which: failures });
  expect(await toEnd(admin, id)).toMatchObject({
    steps: 3,
    action: { state: 'done', expected: 120, done: 120, spared: 0, refused: 0 },
  });
  const { entries } = await ports.audit.recent(10, null);
  expect(entries).toMatchObject([
    {
      action: 'retry_jobs',
      subject: 'state=failed, error=corrupt_image',
      detail: '120 jobs',
      outcome: 'done',
      result: '120 of 120 retried.',
    },
  ]);
  const { jobs: open } = await ports.feed.find({ state: 'queued' }, 200, null);
  expect(new Set(open.map(({ retryOf }) => retryOf))).toEqual(new Set(failed.map(({ id }) => id)));
  expect(open.every((job) => job.class === 'bulk')).toBe(true);

  const again = await begin(admin, { kind: 'retry', which: failures });
  expect(await toEnd(admin, again.id)).toMatchObject({ action: { done: 0, spared: 120 } });
  expect((await ports.feed.find({ state: 'queued' }, 200, null)).jobs).toHaveLength(120);
});

test('leaves alone what comes later', async () => {
  const { site, admin, clock, ports } = await createSite(3);
  const { id } = await begin(admin, { kind: 'retry', which: { kind: 'matching', query: {} } });
  clock.advance(10);
  const later = await fail(await upload(site, 'bea'), ports);
  expect(await toEnd(admin, id)).toMatchObject({ action: { done: 3 } });
  expect((await ports.jobs.ofSource(later.source)).map(({ job }) => job.run)).toEqual([1]);
});

test('cancels what is open and deletes what was chosen', async () => {
  const { site, admin, ports, failed } = await createSite(2);
  const open = await upload(site, 'ann');
  site.clock.advance(10);
  const cancel = await begin(admin, { kind: 'cancel', which: { kind: 'matching', query: { owner: 'ann' } } });
  expect(await toEnd(admin, cancel.id)).toMatchObject({ action: { expected: 1, done: 1 } });
  expect((await ports.jobs.get(open.id))?.job.state).toBe('cancelled');

  const ids = [failed[0]?.id, failed[0]?.id];
  const { id } = await begin(admin, { kind: 'delete', which: { kind: 'named', ids } });
  expect(await toEnd(admin, id)).toMatchObject({ action: { expected: 1, done: 1, words: '1 chosen job' } });
  expect((await ports.feed.find({ state: 'failed' }, 10, null)).jobs.map((job) => job.id)).toEqual([
    failed[1]?.id,
  ]);
});

test('goes on in one tab at a time, and in another one once that is gone', async () => {
  const { admin, clock } = await createSite(120);
  const { id } = await begin(admin, { kind: 'retry', which: failures });
  await act(admin, '/step', { id, tab: 'the-first-tab' });
  const elsewhere = await act(admin, '/step', { id, tab: 'the-second-tab' });
  expect(massActionStandSchema.parse(await elsewhere.json())).toMatchObject({
    elsewhere: true,
    action: { done: 50 },
  });
  const second = await act(admin, '', { kind: 'retry', which: failures });
  expect(second.status).toBe(409);
  clock.advance(30_000);
  expect(await toEnd(admin, id, 'the-second-tab')).toMatchObject({ action: { state: 'done', done: 120 } });
});

test('stops where it is', async () => {
  const { admin, ports } = await createSite(120);
  const { id } = await begin(admin, { kind: 'retry', which: failures });
  await act(admin, '/step', { id, tab: 'a-tab-of-tests' });
  const stopped = await act(admin, '/stop', { id, tab: 'a-tab-of-tests' });
  expect(await stopped.json()).toMatchObject({ action: { state: 'stopped', done: 50 } });
  expect(await toEnd(admin, id)).toMatchObject({ steps: 1, action: { state: 'stopped', done: 50 } });
  const [, , { result }] = [0, 0, (await ports.audit.recent(1, null)).entries[0] ?? expect.fail()];
  expect(result).toBe('50 of 120 retried, stopped by hand.');
});

test('begins nothing for nothing, nor with a filter that there is not', async () => {
  const { admin } = await createSite(0);
  expect((await act(admin, '', { kind: 'retry', which: failures })).status).toBe(409);
  const wrong = { kind: 'matching', query: { sate: 'failed' } };
  expect((await act(admin, '', { kind: 'retry', which: wrong })).status).toBe(400);
});

test('goes on past a job that cannot be changed, and says why', async () => {
  const { admin, memory, failed } = await createSite(3);
  const remove = memory.blobs.remove;
  memory.blobs.remove = async (bucket, name, generation) => {
    if (name === failed[1]?.source.name) throw new RefusedError('Not in this bucket.');
    return remove(bucket, name, generation);
  };
  const { id } = await begin(admin, { kind: 'delete', which: { kind: 'matching', query: {} } });
  expect(await toEnd(admin, id)).toMatchObject({
    action: { state: 'done', expected: 3, done: 2, refused: 1, problem: 'Not in this bucket.' },
  });
});

test('a filter that this version does not know widens nothing', async () => {
  const { admin, ports } = await createSite(2);
  await begin(admin, { kind: 'delete', which: failures });
  const { action } = await ports.massActions.read();
  if (action?.which.kind !== 'matching') expect.fail('It has no filter.');
  const newer = { ...action, which: { ...action.which, query: { ...action.which.query, colour: 'red' } } };
  await expect(takeStep(newer, ports)).rejects.toThrow();
  expect((await ports.feed.find({}, 10, null)).jobs).toHaveLength(2);
});
