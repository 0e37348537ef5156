import { expect, it } from 'vitest';
import { jobViewSchema, problemSchema } from './schema.ts';
import { createAdmin, createBrowser, createTestApi, tinyGif, upload } from './test-client.ts';
import { succeed } from './test-jobs.ts';

async function visitorWithJob() {
  const site = createTestApi();
  const browser = createBrowser(site);
  const owner = await browser.owner();
  const job = await succeed(await upload(site, owner, { metadata: { batch: 'b1' } }), tinyGif, site);
  return { ...site, site, browser, owner, job };
}
const jobOf = async (response: Response) => jobViewSchema.parse(await response.json());
const codeOf = async (response: Response) => problemSchema.parse(await response.json()).code;

it('does something else with a picture that is there, once for each wish', async () => {
  const { browser, job } = await visitorWithJob();
  const wish = { from: job.id, operation: 'sketch', options: { blur: 5 } };
  const first = await browser.post('/api/v1/jobs', wish);
  expect(first.status).toBe(201);
  const made = await jobOf(first);
  expect(first.headers.get('location')).toBe(`/api/v1/jobs/${made.id}`);
  expect(made).toMatchObject({ rerunOf: job.id, upload: job.upload, batch: 'b1', options: { blur: 5 } });
  const again = await browser.post('/api/v1/jobs', wish);
  expect(again.status).toBe(200);
  expect((await jobOf(again)).id).toBe(made.id);
  const listed = await browser.request(`/api/v1/jobs?upload=${job.upload}`);
  expect(await listed.text()).toContain(made.id);
});

it("refuses what is somebody else's, what no operation has, and what has wrong options", async () => {
  const { browser, site, job } = await visitorWithJob();
  const stranger = createBrowser(site);
  await stranger.owner();
  const wish = { from: job.id, operation: 'sketch', options: { blur: 5 } };
  const refused = await stranger.post('/api/v1/jobs', wish);
  expect([refused.status, await codeOf(refused)]).toEqual([404, 'not_found']);
  const wrong = await browser.post('/api/v1/jobs', { ...wish, options: { blur: 'much' } });
  expect([wrong.status, await codeOf(wrong)]).toEqual([422, 'invalid_options']);
  for (const body of [{ ...wish, operation: 'paint' }, { ...wish, more: 1 }, { operation: 'sketch' }]) {
    const invalid = await browser.post('/api/v1/jobs', body);
    expect([invalid.status, await codeOf(invalid)]).toEqual([400, 'invalid_request']);
  }
});

it('makes so much of one picture, since each wish reads all that was made of it', async () => {
  const { browser, job } = await visitorWithJob();
  const wish = (feather: number, format: string) =>
    browser.post('/api/v1/jobs', {
      from: job.id,
      operation: 'remove-background',
      options: { feather: feather % 100, format, cleanMask: feather >= 100 },
    });
  for (let at = 0; at < 150; at++) expect((await wish(at, 'png')).status).toBe(201);
  for (let at = 0; at < 149; at++) expect((await wish(at, 'webp')).status).toBe(201);
  const refused = await wish(149, 'webp');
  expect([refused.status, await codeOf(refused)]).toEqual([409, 'too_many_runs']);
});

it("keeps in the audit what an admin does with somebody's picture", async () => {
  const { site, job, memory, owner } = await visitorWithJob();
  const admin = await createAdmin(site);
  const response = await admin.post('/api/v1/jobs', {
    from: job.id,
    operation: 'sketch',
    options: { blur: 7 },
  });
  expect((await jobOf(response)).owner).toBe(owner);
  const { entries } = await memory.audit.recent(10, null);
  expect(entries).toMatchObject([{ action: 'rerun_job', subject: job.id, outcome: 'done' }]);
});
