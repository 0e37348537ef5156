import { OutageError } from '@spillway/core/errors.ts';
import type { Job } from '@spillway/core/job.ts';
import { overTime } from '@spillway/core/steps.ts';
import { failed } from '@spillway/core/transitions.ts';
import { changeJob } from '@spillway/pipeline/change-job.ts';
import { expect, test } from 'vitest';
import { batchChangeSchema, problemSchema } from './schema.ts';
import { type VisitorWithBatch, visitorWithBatch } from './test-batches.ts';
import { createAdmin, createBrowser } from './test-client.ts';
import { fail } from './test-jobs.ts';

const path = '/api/v1/batches/b1';

async function changeOf(response: Response) {
  expect(response.status).toBe(200);
  return batchChangeSchema.parse(await response.json());
}
const codeOf = async (response: Response) => problemSchema.parse(await response.json()).code;

async function jobsOf({ site, owner }: VisitorWithBatch): Promise<Job[]> {
  return (await site.memory.feed.find({ owner, batch: 'b1' }, 1_000, null)).jobs;
}
const statesOf = async (visitor: VisitorWithBatch) =>
  (await jobsOf(visitor)).map(({ state }) => state).sort();

/** Ends a job as one does whose reason may pass. */
async function failForNow(job: Job, { site }: VisitorWithBatch): Promise<void> {
  const { jobs, clock } = site.memory;
  const error = { code: 'internal', message: 'Something went wrong on our side.', retryable: true } as const;
  await overTime(changeJob(jobs, job.id, (current) => failed(current, error, clock.now())));
}

test('what failed for a reason that may pass is run again, once', async () => {
  const visitor = await visitorWithBatch();
  const { browser, site, drop, dropDone } = visitor;
  await failForNow(await drop('a.jpg', 0), visitor);
  await failForNow(await drop('b.jpg', 1), visitor);
  await fail(await drop('damaged.jpg', 2), site.ports);
  await dropDone('done.jpg', 3, 'result');
  const retry = () => browser.post(`${path}/retry`);
  expect(await changeOf(await retry())).toEqual({ done: 2, unchanged: 1, failed: [], cursor: null });
  expect(await changeOf(await retry())).toEqual({ done: 0, unchanged: 3, failed: [], cursor: null });
  expect(await statesOf(visitor)).toEqual(['failed', 'failed', 'failed', 'queued', 'queued', 'succeeded']);
});

test('what is open is cancelled', async () => {
  const visitor = await visitorWithBatch();
  await visitor.drop('a.jpg', 0);
  await visitor.drop('b.jpg', 1);
  await visitor.dropDone('done.jpg', 2, 'result');
  const cancel = () => visitor.browser.post(`${path}/cancel`);
  expect(await changeOf(await cancel())).toMatchObject({ done: 2, unchanged: 1 });
  expect(await changeOf(await cancel())).toMatchObject({ done: 0, unchanged: 3 });
  expect(await statesOf(visitor)).toEqual(['cancelled', 'cancelled', 'succeeded']);
});

test('every picture has the operation that is asked for, once, in its place of the drop', async () => {
  const visitor = await visitorWithBatch();
  const { browser, site, drop, dropDone } = visitor;
  await dropDone('a.jpg', 0, 'result');
  await drop('b.jpg', 1);
  const broken = await fail(await drop('broken.jpg', 2), site.ports);
  await overTime(
    changeJob(site.memory.jobs, broken.id, (job) => ({
      ...job,
      error: job.error && { ...job.error, blame: 'input' },
    })),
  );
  const run = () => browser.post(`${path}/jobs`, { operation: 'sketch', options: { blur: 5 } });
  expect(await changeOf(await run())).toMatchObject({ done: 2, unchanged: 1 });
  const made = (await jobsOf(visitor)).filter(({ rerunOf }) => rerunOf !== null);
  expect(made.map(({ batchIndex, options }) => [batchIndex, options.blur]).sort()).toEqual([
    [0, 5],
    [1, 5],
  ]);
  expect(await changeOf(await run())).toMatchObject({ done: 0 });
  const wrong = await browser.post(`${path}/jobs`, { operation: 'sketch', options: { blur: 'much' } });
  expect([wrong.status, await codeOf(wrong)]).toEqual([422, 'invalid_options']);
});

test('a batch that is deleted leaves nothing in any bucket', async () => {
  const visitor = await visitorWithBatch();
  const { browser, site, drop, dropDone, dropCaption } = visitor;
  await dropDone('a.jpg', 0, 'result');
  await dropCaption('b.jpg', 1, 'a cat');
  await drop('open.jpg', 2);
  const remove = () => browser.request(path, { method: 'DELETE' });
  expect(await changeOf(await remove())).toEqual({ done: 3, unchanged: 0, failed: [], cursor: null });
  const { blobs, buckets } = site.memory;
  for (const bucket of [buckets.webUploads, buckets.results]) {
    expect((await blobs.listPage(bucket, null)).objects).toEqual([]);
  }
  expect(await jobsOf(visitor)).toEqual([]);
  expect(await changeOf(await remove())).toMatchObject({ done: 0, cursor: null });
});

test('a large batch is changed page by page, and each page counts as one change', async () => {
  const visitor = await visitorWithBatch();
  const { browser, site, drop } = visitor;
  for (let index = 0; index < 130; index++) {
    site.clock.advance(1);
    await drop(`${index}.jpg`, index);
  }
  const first = await changeOf(await browser.post(`${path}/cancel`));
  expect(first).toMatchObject({ done: 100, unchanged: 0 });
  const rest = await changeOf(await browser.post(`${path}/cancel?cursor=${first.cursor}`));
  expect(rest).toMatchObject({ done: 30, cursor: null });
  const answers = await Promise.all(
    Array.from({ length: 298 }, () => browser.post('/api/v1/batches/empty/cancel')),
  );
  expect(answers.every(({ status }) => status === 200)).toBe(true);
  expect((await browser.post('/api/v1/batches/empty/cancel')).status).toBe(429);
});

test('jobs that are made of a whole batch are limited as uploads are', async () => {
  const { browser, site, drop } = await visitorWithBatch();
  for (let index = 0; index < 100; index++) {
    site.clock.advance(1);
    await drop(`${index}.jpg`, index);
  }
  const run = (blur: number) => browser.post(`${path}/jobs`, { operation: 'sketch', options: { blur } });
  for (let round = 1; round <= 20; round++) {
    site.clock.advance(1);
    expect(await changeOf(await run(43 + 2 * round)), `round ${round}`).toMatchObject({ done: 100 });
  }
  const refused = await run(99);
  expect([refused.status, await codeOf(refused)]).toEqual([429, 'too_many_requests']);
  expect((await browser.post(`${path}/cancel`)).status).toBe(200);
});

test('a job that cannot be changed does not keep the others from it', async () => {
  const visitor = await visitorWithBatch();
  const { browser, site, drop } = visitor;
  const [stuck] = [await drop('stuck.jpg', 0), await drop('b.jpg', 1)];
  const { replace } = site.memory.jobs;
  site.memory.jobs.replace = (stored, next) =>
    stored.job.id === stuck.id ? Promise.reject(new OutageError('No answer.')) : replace(stored, next);
  expect(await changeOf(await browser.post(`${path}/cancel`))).toMatchObject({
    done: 1,
    failed: [{ id: stuck.id, message: expect.stringContaining('did not answer') }],
  });
});

test('a database that answers nobody is said to be away', async () => {
  const { browser, site, drop } = await visitorWithBatch();
  await drop('a.jpg', 0);
  site.memory.jobs.replace = () => Promise.reject(new OutageError('No answer.'));
  const away = await browser.post(`${path}/cancel`);
  expect([away.status, await codeOf(away)]).toEqual([503, 'unavailable']);
});

test("nobody changes somebody else's batch but an admin, which is kept", async () => {
  const visitor = await visitorWithBatch();
  const { site, owner, drop } = visitor;
  await drop('a.jpg', 0);
  const stranger = createBrowser(site);
  await stranger.owner();
  expect(await changeOf(await stranger.post(`${path}/cancel`))).toMatchObject({ done: 0, unchanged: 0 });
  const refused = await stranger.post(`${path}/cancel?owner=${owner}`);
  expect([refused.status, await codeOf(refused)]).toEqual([404, 'not_found']);
  expect(await statesOf(visitor)).toEqual(['queued']);
  const admin = await createAdmin(site);
  expect(await changeOf(await admin.post(`${path}/cancel?owner=${owner}`))).toMatchObject({ done: 1 });
  const { entries } = await site.memory.audit.recent(10, null);
  expect(entries).toMatchObject([
    { action: 'cancel_batch', subject: 'b1', detail: `of ${owner}`, outcome: 'done' },
  ]);
});

test('what is no parameter is refused', async () => {
  const { browser } = await visitorWithBatch();
  const refused = await browser.post(`${path}/cancel?limit=5`);
  expect([refused.status, await codeOf(refused)]).toEqual([400, 'invalid_request']);
  const tampered = await browser.post(`${path}/cancel?cursor=nonsense`);
  expect([tampered.status, await codeOf(tampered)]).toEqual([400, 'invalid_request']);
});
