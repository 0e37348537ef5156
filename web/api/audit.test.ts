import { OutageError } from '@spillway/core/errors.ts';
import { expect, test } from 'vitest';
import { type AuditView, auditPageSchema } from './admin-schema.ts';
import {
  adminToken,
  createAdmin,
  createBrowser,
  createTestApi,
  type TestApi,
  upload,
} from './test-client.ts';
import { heartbeat } from './test-jobs.ts';

async function entriesOf({ api }: Pick<TestApi, 'api'>, query = ''): Promise<AuditView[]> {
  const headers = { authorization: `Bearer ${adminToken}` };
  const response = await api.request(`/api/v1/admin/audit${query}`, { headers });
  expect(response.status).toBe(200);
  return auditPageSchema.parse(await response.json()).entries;
}

test('every change that an admin makes is kept, with who made it, of what, and how it ended', async () => {
  const site = createTestApi();
  const { ports, clock } = site;
  const admin = await createAdmin(site);
  const job = await upload(site, 'somebody');
  await ports.fleet.beat(heartbeat('vm-1', clock.now()));
  const settings = { routing: { run: { maxInstances: 7 } } };
  const statuses: number[] = [];
  const act = async (method: string, path: string, body?: object) => {
    // The list is in the order of time.
    clock.advance(1);
    const init = body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {};
    statuses.push((await admin.request(`/api/v1${path}`, { method, ...init })).status);
  };
  await act('PUT', '/admin/settings', settings);
  await act('POST', '/admin/workers/vm-1/drain', { drain: true });
  await act('POST', '/admin/workers/vm-1/drain', { drain: false });
  await act('POST', '/admin/workers/vm-1/resume');
  await act('POST', `/jobs/${job.id}/retry`);
  await act('POST', `/jobs/${job.id}/cancel`);
  await act('DELETE', `/jobs/${job.id}`);
  expect(statuses).toEqual([200, 200, 200, 200, 409, 200, 204]);

  const entries = await entriesOf(site);
  expect(entries.map(({ by, action, subject, outcome }) => [by, action, subject, outcome]).reverse()).toEqual(
    [
      ['token', 'change_settings', 'settings/routing', 'done'],
      ['token', 'drain_worker', 'vm-1', 'done'],
      ['token', 'end_drain', 'vm-1', 'done'],
      ['token', 'resume_worker', 'vm-1', 'done'],
      ['token', 'retry_job', job.id, 'refused'],
      ['token', 'cancel_job', job.id, 'done'],
      ['token', 'delete_job', job.id, 'done'],
    ],
  );
  expect(entries.at(-1)?.detail).toBe('run.maxInstances: 20 → 7');
  expect(entries[0]?.detail).toBe(`gs://web-uploads/${job.source.name}#${job.source.generation} of somebody`);
  expect(entries[0]?.at).toEqual(clock.now());
});

test('what visitors do to their own jobs is not, and neither is what an admin does to the own', async () => {
  const site = createTestApi();
  for (const visitor of [createBrowser(site), await createAdmin(site)]) {
    const job = await upload(site, await visitor.owner());
    expect((await visitor.post(`/api/v1/jobs/${job.id}/cancel`)).status).toBe(200);
  }
  expect(await entriesOf(site)).toEqual([]);
});

test('where nothing can be kept, nothing is done', async () => {
  const site = createTestApi((ports) => ({
    ...ports,
    audit: {
      ...ports.audit,
      begin: () => {
        throw new OutageError('The database is away.');
      },
    },
  }));
  const admin = await createAdmin(site);
  const job = await upload(site, 'somebody');
  expect((await admin.post(`/api/v1/jobs/${job.id}/cancel`)).status).toBe(503);
  expect((await site.ports.jobs.get(job.id))?.job.state).toBe('queued');
});

test('a change of which nobody knows whether it was made stays as it began', async () => {
  const site = createTestApi((ports) => ({
    ...ports,
    settings: {
      ...ports.settings,
      changeRouting: () => {
        throw new OutageError('The reply was lost.');
      },
    },
  }));
  const admin = await createAdmin(site);
  const body = JSON.stringify({ routing: {} });
  const headers = { 'content-type': 'application/json' };
  expect((await admin.request('/api/v1/admin/settings', { method: 'PUT', body, headers })).status).toBe(503);
  expect(await entriesOf(site)).toMatchObject([{ action: 'change_settings', outcome: 'begun' }]);
});

test('a change that was made is answered so, even if that could not be kept', async () => {
  const warnings: unknown[] = [];
  const site = createTestApi((ports) => ({
    ...ports,
    log: { ...ports.log, warn: (fields: object) => void warnings.push(fields) },
    audit: {
      ...ports.audit,
      end: () => {
        throw new OutageError('The database is away.');
      },
    },
  }));
  const admin = await createAdmin(site);
  const job = await upload(site, 'somebody');
  expect((await admin.post(`/api/v1/jobs/${job.id}/cancel`)).status).toBe(200);
  expect(warnings).toMatchObject([{ outcome: 'done' }]);
  expect(await entriesOf(site)).toMatchObject([{ action: 'cancel_job', outcome: 'begun' }]);
});

test('the list goes on page by page, and is the admins’ alone', async () => {
  const site = createTestApi();
  const admin = await createAdmin(site);
  for (let index = 0; index < 5; index++) {
    await site.ports.fleet.beat(heartbeat(`vm-${index}`, site.clock.now()));
    await admin.post(`/api/v1/admin/workers/vm-${index}/resume`);
    site.clock.advance(10);
  }
  const seen: string[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const response = await admin.request(`/api/v1/admin/audit?limit=2${cursor && `&cursor=${cursor}`}`);
    const page = auditPageSchema.parse(await response.json());
    seen.push(...page.entries.map(({ subject }) => subject));
    cursor = page.cursor;
  }
  expect(seen).toEqual(['vm-4', 'vm-3', 'vm-2', 'vm-1', 'vm-0']);
  expect((await createBrowser(site).request('/api/v1/admin/audit')).status).toBe(401);
});
