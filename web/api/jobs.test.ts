import { overTime } from '@spillway/core/steps.ts';
import { cancelled } from '@spillway/core/transitions.ts';
import { changeJob } from '@spillway/pipeline/change-job.ts';
import { routeUpload } from '@spillway/pipeline/route.ts';
import { describe, expect, test } from 'vitest';
import { jobPageSchema, jobViewSchema, problemSchema } from './schema.ts';
import { type Browser, createAdmin, createBrowser, createTestApi, tinyGif, upload } from './test-client.ts';
import { fail, succeed } from './test-jobs.ts';

const png = Buffer.from('not really a picture');

async function list(browser: Browser, query = '', path = '/api/v1/jobs') {
  const response = await browser.request(`${path}${query}`);
  expect(response.status).toBe(200);
  return jobPageSchema.parse(await response.json());
}
const ids = (page: { jobs: { id: string }[] }) => page.jobs.map((job) => job.id);
const codeOf = async (response: Response) => problemSchema.parse(await response.json()).code;

async function createVisitor(site = createTestApi()) {
  const browser = createBrowser(site);
  return { ...site, site, browser, owner: await browser.owner() };
}

describe('listing', () => {
  test("shows a visitor's own jobs and nobody else's", async () => {
    const { site, browser, owner } = await createVisitor();
    const { browser: other, owner: otherOwner } = await createVisitor(site);
    const [own, theirs] = [await upload(site, owner), await upload(site, otherOwner)];
    expect(ids(await list(browser))).toEqual([own.id]);
    expect(ids(await list(other))).toEqual([theirs.id]);
    expect((await browser.request(`/api/v1/jobs?owner=${otherOwner}`)).status).toBe(400);
  });

  test('leads through all jobs once, newest first, by the cursor', async () => {
    const { site, browser, owner, clock } = await createVisitor();
    const uploaded: string[] = [];
    for (let index = 0; index < 7; index++) {
      clock.advance(1);
      uploaded.unshift((await upload(site, owner)).id);
    }
    const seen: string[] = [];
    let cursor: string | null = '';
    let pages = 0;
    while (cursor !== null) {
      const page = await list(browser, `?limit=3${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
      expect(page.jobs.length).toBeLessThanOrEqual(3);
      seen.push(...ids(page));
      cursor = page.cursor;
      pages += 1;
    }
    expect(seen).toEqual(uploaded);
    expect(pages).toBe(3);
  });

  test('filters by upload, batch, operation and state', async () => {
    const { site, browser, owner, ports } = await createVisitor();
    const first = await upload(site, owner, { metadata: { batch: 'b1' } });
    const second = await fail(await upload(site, owner, { metadata: { batch: 'b2' } }), ports);
    const both = [first.id, second.id].sort();
    expect(ids(await list(browser, `?upload=${first.upload}`))).toEqual([first.id]);
    expect(ids(await list(browser, '?batch=b2'))).toEqual([second.id]);
    expect(ids(await list(browser, '?state=failed'))).toEqual([second.id]);
    expect(ids(await list(browser, '?operation=sketch')).sort()).toEqual(both);
    expect(ids(await list(browser, '?operation=caption'))).toEqual([]);
  });

  test('shows no secrets', async () => {
    const { site, browser, owner, ports } = await createVisitor();
    const job = await upload(site, owner);
    await overTime(
      changeJob(ports.jobs, job.id, (current) => ({
        ...current,
        state: 'processing',
        claim: { worker: 'vm-1', token: 'a fencing token', expiresAt: new Date() },
      })),
    );
    const text = await (await browser.request('/api/v1/jobs')).text();
    expect(text).toContain('"worker":"vm-1"');
    expect(text).not.toContain('a fencing token');
    expect(text).not.toContain(job.reservation);
  });
});

test('jobs of an earlier version, with their uploads under web/ in the bucket of integrators, are shown and deleted', async () => {
  const { site, browser, owner, ports, memory } = await createVisitor();
  const { blobs } = memory;
  const now = await upload(site, owner);
  const object = blobs.upload('uploads', `web/${owner}/${now.upload}/holiday.jpg`, tinyGif);
  const { bucket, name, generation } = object;
  const source = { ...now.source, bucket, name, generation };
  const { stored } = await ports.jobs.create({ ...now, id: 'f'.repeat(32), source });
  const job = await succeed(stored.job, png, site);
  expect(job.result?.name).toMatch(`sketch/web/${owner}/${now.upload}/holiday.`);
  expect(ids(await list(browser))).toContain(job.id);
  for (const file of ['result', 'source']) {
    expect((await browser.request(`/api/v1/jobs/${job.id}/${file}`)).status).toBe(200);
  }
  expect((await browser.request(`/api/v1/jobs/${job.id}`, { method: 'DELETE' })).status).toBe(204);
  expect(await blobs.read(bucket, name)).toBeNull();
  expect(await blobs.read('results', job.result?.name ?? '')).toBeNull();
});

describe("somebody else's job", () => {
  test.each([
    ['GET', ''],
    ['DELETE', ''],
    ['POST', '/retry'],
    ['POST', '/cancel'],
    ['GET', '/result'],
    ['GET', '/source'],
  ])('is not there for %s %s', async (method, suffix) => {
    const { site, owner, ports, memory } = await createVisitor();
    const { browser: stranger } = await createVisitor(site);
    const open = await upload(site, owner);
    const done = await succeed(await upload(site, owner), png, site);
    const dropped = await routeUpload(memory.blobs.upload('uploads', 'sketch/a.jpg', png), null, ports);
    expect(dropped).toHaveLength(1);
    for (const { id } of [open, done, ...dropped]) {
      const response = await stranger.request(`/api/v1/jobs/${id}${suffix}`, { method });
      expect(response.status).toBe(404);
      expect(await codeOf(response)).toBe('not_found');
    }
    expect((await ports.jobs.get(open.id))?.job).toMatchObject({ state: 'queued', deletedAt: null });
  });

  test('is there for an admin', async () => {
    const { site, owner, ports } = await createVisitor();
    const job = await upload(site, owner);
    const admin = await createAdmin(site);
    expect((await admin.request(`/api/v1/jobs/${job.id}`)).status).toBe(200);
    expect((await admin.request(`/api/v1/admin/jobs/${job.id}`)).status).toBe(200);
    expect(ids(await list(admin, '', '/api/v1/admin/jobs'))).toEqual([job.id]);
    expect(ids(await list(admin, '?target=run&owner=x', '/api/v1/admin/jobs'))).toEqual([]);
    expect(ids(await list(admin))).toEqual([]);
    expect((await admin.post(`/api/v1/jobs/${job.id}/cancel`)).status).toBe(200);
    expect((await ports.jobs.get(job.id))?.job.state).toBe('cancelled');
    expect((await admin.request(`/api/v1/jobs/${job.id}`, { method: 'DELETE' })).status).toBe(204);
  });
});

describe('a retry', () => {
  test('pressed twice gives one new job', async () => {
    const { site, browser, owner, ports } = await createVisitor();
    const job = await fail(await upload(site, owner), ports);
    const answers = await Promise.all([
      browser.post(`/api/v1/jobs/${job.id}/retry`),
      browser.post(`/api/v1/jobs/${job.id}/retry`),
    ]);
    answers.push(await browser.post(`/api/v1/jobs/${job.id}/retry`));
    const jobs = await Promise.all(answers.map(async (answer) => jobViewSchema.parse(await answer.json())));
    expect(answers.map((answer) => answer.status)).toEqual([201, 201, 201]);
    expect(new Set(jobs.map(({ id }) => id)).size).toBe(1);
    expect(jobs[0]).toMatchObject({ retryOf: job.id, run: 2 });
    expect(answers[0]?.headers.get('location')).toBe(`/api/v1/jobs/${jobs[0]?.id}`);
    expect((await list(browser)).jobs).toHaveLength(2);
  });

  test('is refused with a code that says why', async () => {
    const { site, browser, owner, ports } = await createVisitor();
    const open = await upload(site, owner);
    const done = await succeed(await upload(site, owner), png, site);
    const unknown = await upload(site, owner, { metadata: { operation: 'nonsense' } });
    const invalid = await upload(site, owner, { metadata: { options: '{"blur":4}' } });
    const rerun = await fail(await upload(site, owner), ports);
    const second = jobViewSchema.parse(await (await browser.post(`/api/v1/jobs/${rerun.id}/retry`)).json());
    await browser.request(`/api/v1/jobs/${second.id}`, { method: 'DELETE' });
    const refused: string[] = [];
    for (const { id } of [open, done, unknown, invalid, rerun]) {
      const response = await browser.post(`/api/v1/jobs/${id}/retry`);
      expect(response.status).toBe(409);
      refused.push(await codeOf(response));
    }
    expect(refused).toEqual([
      'not_ended',
      'already_succeeded',
      'not_retryable',
      'not_retryable',
      'not_retryable',
    ]);
  });
});

test('cancelling ends a job once', async () => {
  const { site, browser, owner } = await createVisitor();
  const job = await upload(site, owner);
  const first = await browser.post(`/api/v1/jobs/${job.id}/cancel`);
  expect([first.status, jobViewSchema.parse(await first.json()).state]).toEqual([200, 'cancelled']);
  const second = await browser.post(`/api/v1/jobs/${job.id}/cancel`);
  expect([second.status, await codeOf(second)]).toEqual([409, 'already_ended']);
});

describe('deleting', () => {
  test('leaves nothing to be found', async () => {
    const { site, browser, owner, memory } = await createVisitor();
    const job = await succeed(await upload(site, owner), png, site);
    const response = await browser.request(`/api/v1/jobs/${job.id}`, { method: 'DELETE' });
    expect(response.status).toBe(204);
    for (const suffix of ['', '/result', '/source']) {
      expect((await browser.request(`/api/v1/jobs/${job.id}${suffix}`)).status).toBe(404);
    }
    for (const suffix of ['/retry', '/cancel']) {
      expect((await browser.post(`/api/v1/jobs/${job.id}${suffix}`)).status).toBe(404);
    }
    // A deletion that was cut off can be repeated.
    expect((await browser.request(`/api/v1/jobs/${job.id}`, { method: 'DELETE' })).status).toBe(204);
    expect((await list(browser)).jobs).toEqual([]);
    expect(await memory.blobs.read('results', job.result?.name ?? '')).toBeNull();
    expect(await memory.blobs.read(job.source.bucket, job.source.name)).toBeNull();
  });

  test('keeps the original while another job has it', async () => {
    const { site, browser, owner, ports, memory } = await createVisitor();
    const first = await fail(await upload(site, owner), ports);
    const again = jobViewSchema.parse(await (await browser.post(`/api/v1/jobs/${first.id}/retry`)).json());
    await browser.request(`/api/v1/jobs/${first.id}`, { method: 'DELETE' });
    expect(await memory.blobs.read(first.source.bucket, first.source.name)).not.toBeNull();
    await overTime(changeJob(ports.jobs, again.id, (job) => cancelled(job, new Date())));
    await browser.request(`/api/v1/jobs/${again.id}`, { method: 'DELETE' });
    expect(await memory.blobs.read(first.source.bucket, first.source.name)).toBeNull();
  });
});
