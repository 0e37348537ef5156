import { defaultRoutingSettings } from '@spillway/core/settings.ts';
import { expect, test } from 'vitest';
import { adminEventSchemas, type SettingsView, settingsSchema } from './admin-schema.ts';
import { type Problem, problemSchema } from './schema.ts';
import {
  adminToken,
  type Browser,
  createAdmin,
  createBrowser,
  createTestApi,
  origin,
} from './test-client.ts';
import { readEvents } from './test-events.ts';

const path = '/api/v1/admin/settings';

async function createSite() {
  const site = createTestApi();
  return { ...site, site, admin: await createAdmin(site) };
}

async function read(browser: Browser): Promise<SettingsView> {
  return settingsSchema.parse(await (await browser.request(path)).json());
}

function put(browser: Browser, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return browser.request(path, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

async function problemOf(response: Response): Promise<Problem> {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  return problemSchema.parse(await response.json());
}

test('the settings are those in force, and nobody has changed them at first', async () => {
  const { admin } = await createSite();
  expect(await read(admin)).toEqual({ routing: defaultRoutingSettings, change: null, problem: null });
});

test('a change is in force at once where it was made, with who made it and when', async () => {
  const { admin, ports, clock } = await createSite();
  clock.advance(1_000);
  const response = await put(admin, { routing: { policy: 'threshold', threshold: { cpu: 0.4 } } });
  expect(response.status).toBe(200);
  const routing = { ...defaultRoutingSettings, policy: 'threshold', threshold: { cpu: 0.4 } };
  const expected = { routing, change: { updatedBy: 'token', updatedAt: clock.now() }, problem: null };
  expect(settingsSchema.parse(await response.json())).toEqual(expected);
  expect(await read(admin)).toEqual(expected);
  expect(await ports.settings.routing()).toEqual(routing);
});

test('what is left out takes its default again', async () => {
  const { admin } = await createSite();
  await put(admin, { routing: { run: { enabled: false }, shares: { owners: { camera: 3 } } } });
  expect((await read(admin)).routing.shares.owners).toEqual({ camera: 3 });
  await put(admin, { routing: {} });
  expect((await read(admin)).routing).toEqual(defaultRoutingSettings);
});

test('a problem of the document is told', async () => {
  const site = createTestApi((ports) => ({
    ...ports,
    settings: {
      ...ports.settings,
      readRouting: async () => ({ ...(await ports.settings.readRouting()), problem: 'policy: unknown' }),
    },
  }));
  expect((await read(await createAdmin(site))).problem).toBe('policy: unknown');
});

test.each<[string, unknown, string[]]>([
  ['no settings', {}, ['json.routing']],
  ['a value of the wrong kind', { routing: { run: { enabled: 'no' } } }, ['json.routing.run.enabled']],
  ['a value out of range', { routing: { threshold: { cpu: 70 } } }, ['json.routing.threshold.cpu']],
  ['an unknown policy', { routing: { policy: 'random' } }, ['json.routing.policy']],
  ['an unknown operation', { routing: { objectivesMs: { blur: 5 } } }, ['json.routing.objectivesMs.blur']],
  ['a mistyped field', { routing: { run: { maxInstance: 3 } } }, ['json.routing.run.maxInstance']],
  ['several', { routing: { a: 1, bulk: { b: 2 } } }, ['json.routing.a', 'json.routing.bulk.b']],
  ['a field beside the settings', { routing: {}, force: true }, ['json.force']],
  ['a time that is none', { routing: {}, basedOn: 'yesterday' }, ['json.basedOn']],
])('refuses %s by the path of the field, and changes nothing', async (_, body, paths) => {
  const { admin } = await createSite();
  const response = await put(admin, body);
  expect(response.status).toBe(400);
  const problem = await problemOf(response);
  expect(problem.code).toBe('invalid_request');
  expect(problem.errors?.map((error) => error.path)).toEqual(paths);
  for (const path of paths) expect(problem.detail).toContain(path);
  expect((await read(admin)).change).toBeNull();
});

test('what another admin has saved meanwhile is not overwritten', async () => {
  const { site, admin, clock } = await createSite();
  const other = await createAdmin(site);
  const seen = (await read(admin)).change?.updatedAt ?? null;
  expect(seen).toBeNull();
  clock.advance(1_000);
  expect((await put(other, { routing: { confidence: 2 }, basedOn: seen })).status).toBe(200);

  const late = await put(admin, { routing: { confidence: 1 }, basedOn: seen });
  expect(late.status).toBe(409);
  const problem = await problemOf(late);
  expect(problem.code).toBe('settings_changed');
  expect(problem.detail).toContain('2026-01-01T00:00:01');
  expect((await read(admin)).routing.confidence).toBe(2);

  const fresh = (await read(admin)).change?.updatedAt.toISOString();
  clock.advance(1_000);
  expect((await put(admin, { routing: { confidence: 1 }, basedOn: fresh })).status).toBe(200);
  expect((await put(other, { routing: { confidence: 2 }, basedOn: fresh })).status).toBe(409);
  expect((await read(admin)).routing.confidence).toBe(1);
});

test('only an admin changes settings, and no other site for them', async () => {
  const { site, admin, api } = await createSite();
  const body = { routing: { policy: 'threshold' } };
  expect((await put(createBrowser(site), body)).status).toBe(401);
  expect((await createBrowser(site).request(path)).status).toBe(401);
  const foreign = await put(admin, body, { origin: 'https://evil.test' });
  expect([foreign.status, (await problemOf(foreign)).code]).toEqual([403, 'cross_site']);
  expect((await read(admin)).change).toBeNull();
  // A program with the token and no cookie comes from no site at all.
  const byToken = await api.request(`${origin}${path}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${adminToken}` },
    body: JSON.stringify(body),
  });
  expect(byToken.status).toBe(200);
  expect((await read(admin)).change?.updatedBy).toBe('token');
});

test('everybody who watches hears of a change on the next turn', async () => {
  const { admin, clock } = await createSite();
  const stream = readEvents(await admin.request('/api/v1/admin/events'));
  await stream.until('overview');
  await put(admin, { routing: { policy: 'threshold', run: { maxInstances: 0 } } });
  const changedAt = clock.now();
  clock.advance(1_000);
  const overview = adminEventSchemas.overview.parse((await stream.until('overview')).at(-1)?.data);
  expect(overview).toMatchObject({
    policy: 'threshold',
    run: { enabled: false },
    settingsChange: { updatedBy: 'token', updatedAt: changedAt },
  });
  await stream.leave();
});

test.each([
  [
    { run: { concurrency: 2, slots: 3 } },
    'run.slots',
    'An instance would work on more jobs at a time (run.slots) than it gets requests (run.concurrency).',
  ],
  [
    { run: { concurrency: 9, slots: 1 } },
    'run.concurrency',
    'At most 8, 8 for each operation at a time (run.slots): others would wait in an instance for longer than a request may take.',
  ],
  [
    { vm: { liveWithinMs: 20_000 } },
    'vm.doubtWithinMs',
    'At least 20000 ms, for which a VM counts as live in any case (vm.liveWithinMs).',
  ],
])(
  'settings that contradict each other are refused with the sentence that says which: %j',
  async (routing, path, message) => {
    const { admin } = await createSite();
    const response = await put(admin, { routing });
    expect(response.status).toBe(400);
    expect((await problemOf(response)).errors).toEqual([{ path: `json.routing.${path}`, message }]);
  },
);

test('bounds of prewarming that contradict other settings are refused, at the field', async () => {
  const { admin } = await createSite();
  const routing = (most: number) => ({
    routing: { run: { maxInstances: 3 }, forecast: { prewarming: true, minInstances: { least: 1, most } } },
  });
  const response = await put(admin, routing(4));
  expect(response.status).toBe(400);
  expect((await problemOf(response)).errors).toEqual([
    {
      path: 'json.routing.forecast.minInstances.most',
      message: 'At most 3, the most instances of Cloud Run.',
    },
  ]);
  expect((await put(admin, routing(0))).status).toBe(400);
  expect((await put(admin, routing(3))).status).toBe(200);
});
