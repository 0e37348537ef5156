import type { Job } from '@spillway/core/job.ts';
import { expect, test } from 'vitest';
import { causesSchema, stateCountsSchema } from './admin-schema.ts';
import { jobPageSchema, problemSchema } from './schema.ts';
import { type Browser, createAdmin, createTestApi, upload } from './test-client.ts';
import { fail } from './test-jobs.ts';

async function createSite() {
  const site = createTestApi();
  const admin = await createAdmin(site);
  const make = async (count: number, name: string, end: (job: Job) => Promise<Job> = async (job) => job) => {
    const jobs: Job[] = [];
    for (let index = 0; index < count; index++) {
      site.clock.advance(10);
      jobs.push(await end(await upload(site, 'ann', { name })));
    }
    return jobs;
  };
  return { ...site, site, admin, make };
}

async function list(admin: Browser, query: string) {
  return jobPageSchema.parse(await (await admin.request(`/api/v1/admin/jobs${query}`)).json()).jobs;
}

async function problemOf(admin: Browser, path: string) {
  const response = await admin.request(path);
  expect(response.status, path).toBe(400);
  return problemSchema.parse(await response.json()).detail;
}

test('finds by what an address can ask for, and counts all of it', async () => {
  const { admin, make, ports } = await createSite();
  const open = await make(3, 'beach-1.jpg');
  const failed = await make(2, 'corrupt.jpg', (job) => fail(job, ports));
  const found = async (query: string) => (await list(admin, query)).map(({ id }) => id).sort();
  const ids = (jobs: Job[]) => jobs.map(({ id }) => id).sort();
  expect(await found('?name=beach')).toEqual(ids(open));
  expect(await found('?name=COR*')).toEqual(ids(failed));
  expect(await found('?error=corrupt_image&owner=ann&class=interactive')).toEqual(ids(failed));
  expect(await found('?source=web-uploads/&within=15m&state=queued')).toEqual(ids(open));
  expect(await found(`?to=${encodeURIComponent(failed[0]?.createdAt.toISOString() ?? '')}`)).toEqual(
    ids(open),
  );
  expect(await found('?atLeast=3600')).toEqual([]);
  const counts = async (query: string) =>
    stateCountsSchema.parse(await (await admin.request(`/api/v1/admin/jobs/counts${query}`)).json()).byState;
  expect(await counts('?state=failed&owner=ann')).toMatchObject({
    queued: { jobs: 3, exact: 'exactly' },
    failed: { jobs: 2, exact: 'exactly' },
    succeeded: { jobs: 0 },
  });
  const count = await admin.request('/api/v1/admin/jobs/count?name=corrupt');
  expect(await count.json()).toEqual({ jobs: 2, exact: 'exactly' });
});

test('groups failures by their causes, with the newest job of each', async () => {
  const { admin, make, ports } = await createSite();
  const failed = await make(3, 'corrupt.jpg', (job) => fail(job, ports));
  const response = await admin.request('/api/v1/admin/jobs/causes?owner=ann');
  const { causes } = causesSchema.parse(await response.json());
  expect(causes).toMatchObject([
    {
      code: 'corrupt_image',
      count: { jobs: 3, exact: 'exactly' },
      firstSeen: failed[0]?.createdAt,
      example: { id: failed[2]?.id },
    },
  ]);
  const others = await admin.request('/api/v1/admin/jobs/causes?state=queued');
  expect(causesSchema.parse(await others.json()).causes).toEqual([]);
});

test.each([
  ['?state=lost', 'query.state: '],
  ['?sate=failed', 'query.sate: There is no such field.'],
  ['?from=yesterday', 'query.from: Use a date with its time zone'],
  ['?to=2026-02-31T00:00:00Z', 'query.to: '],
  ['?cursor=tampered', 'query.cursor: This cursor was not made by this list.'],
  ['?atLeast=7', 'query.atLeast: Use one of 1, 2, 5'],
  ['?name=-', "query.name: Name a word of the file's name"],
  ['?error=bad_luck', 'query.error: '],
  ['?within=1y', 'query.within: '],
  ['?limit=1000', 'query.limit: '],
])('refuses %s with a sentence that names what is wrong', async (query, sentence) => {
  const { admin } = await createSite();
  expect(await problemOf(admin, `/api/v1/admin/jobs${query}`)).toContain(sentence);
});

test.each([
  'overview',
  'workers',
  'settings',
  'audit',
  'keys',
  'cloud-run',
  'events',
  'jobs/counts',
  'dead-letters',
  'mass-action',
])('refuses a parameter of %s that there is not', async (path) => {
  const { admin } = await createSite();
  expect(await problemOf(admin, `/api/v1/admin/${path}?q=1`)).toBe('query.q: There is no such field.');
});

test('refuses a tampered cursor of the audit', async () => {
  const { admin } = await createSite();
  expect(await problemOf(admin, '/api/v1/admin/audit?cursor=x')).toContain('query.cursor: ');
});

test('exports all that match as CSV and as JSON, with no formula in it', async () => {
  const { admin, make, ports } = await createSite();
  const evil = await make(1, '=HYPERLINK("x").jpg', (job) => fail(job, ports));
  await make(250, 'beach.jpg');
  const csv = await admin.request('/api/v1/admin/jobs/export');
  expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8');
  expect(csv.headers.get('content-disposition')).toContain('jobs-2026-01-01T00-00.csv');
  const lines = (await csv.text()).trimEnd().split('\r\n');
  expect(lines).toHaveLength(252);
  expect(lines[0]).toMatch(/^id,state,operation,file,/);
  expect(lines.at(-1)).toContain(`"'=HYPERLINK(""x"").jpg"`);
  const json = await admin.request('/api/v1/admin/jobs/export?format=json&state=failed');
  expect(await json.json()).toMatchObject([{ id: evil[0]?.id, state: 'failed' }]);
  const none = await admin.request('/api/v1/admin/jobs/export?format=json&owner=nobody');
  expect(await none.json()).toEqual([]);
});

test('none of it is for visitors', async () => {
  const { api } = await createSite();
  for (const path of ['jobs/counts', 'jobs/causes', 'jobs/export', 'mass-action', 'dead-letters']) {
    const response = await api.request(`http://site.test/api/v1/admin/${path}`);
    expect(response.status, path).toBe(401);
  }
});
