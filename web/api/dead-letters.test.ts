import { OutageError } from '@spillway/core/errors.ts';
import { expect, test } from 'vitest';
import { deadLettersSchema } from './admin-schema.ts';
import { type Browser, createAdmin, createTestApi, upload } from './test-client.ts';
import { fail } from './test-jobs.ts';

async function createSite() {
  const site = createTestApi();
  return { ...site, site, admin: await createAdmin(site) };
}

async function letters(admin: Browser) {
  const view = deadLettersSchema.parse(await (await admin.request('/api/v1/admin/dead-letters')).json());
  return view.kind === 'read' ? view.letters : expect.fail(view.why);
}

const message = (jobId: string) => JSON.stringify({ schemaVersion: 1, jobId, epoch: 0 });

test('shows what was put aside, with the job that it is about', async () => {
  const { site, admin, ports } = await createSite();
  const job = await fail(await upload(site, 'ann'), ports);
  await ports.queue.bury(message(job.id), 'It was delivered too often.');
  await ports.queue.bury('{', 'The message is not JSON.');
  expect(await letters(admin)).toMatchObject([
    { problem: 'It was delivered too often.', about: 'job', job: { id: job.id, state: 'failed' } },
    { problem: 'The message is not JSON.', about: 'unknown', job: null, data: '{' },
  ]);
});

test('a replay runs a failed job again and takes the letter away', async () => {
  const { site, admin, ports } = await createSite();
  const job = await fail(await upload(site, 'ann'), ports);
  await ports.queue.bury(message(job.id), 'It was delivered too often.');
  const replayed = await admin.post('/api/v1/admin/dead-letters/0/replay');
  expect(await replayed.json()).toMatchObject({ kind: 'waits' });
  expect(await letters(admin)).toEqual([]);
  const { jobs } = await ports.feed.find({ state: 'queued' }, 10, null);
  expect(jobs.map(({ retryOf }) => retryOf)).toEqual([job.id]);
  const { entries } = await ports.audit.recent(1, null);
  expect(entries).toMatchObject([{ action: 'replay_letter', outcome: 'done' }]);
});

test('a replay of a job that waits leaves it to the next sweep', async () => {
  const { site, admin, ports } = await createSite();
  const job = await upload(site, 'ann');
  await ports.queue.bury(message(job.id), 'It was delivered too often.');
  const replayed = await admin.post('/api/v1/admin/dead-letters/0/replay');
  expect(await replayed.json()).toEqual({ kind: 'waits', jobIds: [job.id] });
  expect((await ports.jobs.get(job.id))?.job.publishedAt).toBeNull();
});

test('what nobody can read is not replayed, and can be thrown away', async () => {
  const { admin, ports } = await createSite();
  await ports.queue.bury('{', 'The message is not JSON.');
  expect((await admin.post('/api/v1/admin/dead-letters/0/replay')).status).toBe(409);
  expect((await admin.request('/api/v1/admin/dead-letters/0', { method: 'DELETE' })).status).toBe(204);
  expect(await letters(admin)).toEqual([]);
  expect((await admin.request('/api/v1/admin/dead-letters/0', { method: 'DELETE' })).status).toBe(404);
});

test('says why they cannot be shown', async () => {
  const { admin, memory } = await createSite();
  memory.deadLetters.peek = () => Promise.reject(new OutageError('Pub/Sub: PERMISSION_DENIED.'));
  const response = await admin.request('/api/v1/admin/dead-letters');
  expect(await response.json()).toEqual({ kind: 'not_shown', why: 'Pub/Sub: PERMISSION_DENIED.' });
});
