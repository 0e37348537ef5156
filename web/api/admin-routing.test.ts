import { routingSettingsSchema } from '@spillway/core/settings.ts';
import { type WhatIfResult, whatIfLineSchema } from '@spillway/core/what-if.ts';
import { expect, test } from 'vitest';
import {
  calibrationViewSchema,
  explanationSchema,
  limitsSchema,
  settingsHistorySchema,
  sourcesSchema,
} from './routing-schema.ts';
import { problemSchema } from './schema.ts';
import { type Browser, createAdmin, createTestApi, tinyGif, upload } from './test-client.ts';
import { heartbeat, succeed } from './test-jobs.ts';

const at = (path: string) => `/api/v1/admin${path}`;

async function createSite() {
  const site = createTestApi();
  return { ...site, site, admin: await createAdmin(site) };
}

function send(browser: Browser, method: string, path: string, body: unknown = {}): Promise<Response> {
  return browser.request(at(path), {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

async function historyOf(browser: Browser, document = 'routing') {
  const response = await browser.request(at(`/settings/history?document=${document}`));
  return settingsHistorySchema.parse(await response.json()).entries;
}

test('a change of settings is kept with what it changed, and is taken back without what came later', async () => {
  const { admin, ports, clock } = await createSite();
  await send(admin, 'PUT', '/settings', { routing: { objectivesMs: { sketch: 5_000 } } });
  clock.advance(1_000);
  const both = { routing: { objectivesMs: { sketch: 5_000 }, confidence: 2 } };
  await send(admin, 'PUT', '/settings', both);
  clock.advance(1_000);
  const [second, first] = await historyOf(admin);
  expect(second).toMatchObject({
    by: 'token',
    differences: [{ path: ['confidence'], before: 1.65, after: 2 }],
  });
  expect(first?.differences).toMatchObject([{ path: ['objectivesMs', 'sketch'], after: 5_000 }]);

  expect((await send(admin, 'POST', `/settings/history/${first?.id}/undo`)).status).toBe(200);
  expect(await ports.settings.routing()).toEqual(routingSettingsSchema.parse({ confidence: 2 }));
  expect((await historyOf(admin))[0]).toMatchObject({ undoes: first?.id });
  const again = await send(admin, 'POST', `/settings/history/${first?.id}/undo`);
  expect([again.status, problemSchema.parse(await again.json()).code]).toEqual([409, 'changed_since']);
  const entries = (await ports.audit.recent(10, null)).entries;
  expect(entries.map(({ action, outcome }) => [action, outcome])).toContainEqual([
    'undo_settings',
    'refused',
  ]);
});

test('an undo of nothing is a 404, and of what is no id a 400', async () => {
  const { admin } = await createSite();
  const unknown = '/settings/history/00000000-0000-4000-8000-000000000000/undo';
  expect((await send(admin, 'POST', unknown)).status).toBe(404);
  expect((await send(admin, 'POST', '/settings/history/x/undo')).status).toBe(400);
  expect((await admin.request(at('/settings/history?document=other'))).status).toBe(400);
  expect((await admin.request(at('/settings/history?what=x'))).status).toBe(400);
});

test('rules for senders are replaced, in force for routers, kept, and taken back', async () => {
  const { admin, ports } = await createSite();
  const rule = { prefix: 'camera/', operations: ['sketch'], owner: 'garden', class: 'bulk' };
  const saved = await send(admin, 'PUT', '/sources', { rules: [rule], basedOn: null });
  expect(sourcesSchema.parse(await saved.json())).toMatchObject({
    rules: [rule],
    change: { updatedBy: 'token' },
  });
  expect(await ports.settings.sourceRules()).toMatchObject([rule]);
  const stale = await send(admin, 'PUT', '/sources', { rules: [], basedOn: null });
  expect(problemSchema.parse(await stale.json()).code).toBe('settings_changed');
  const [change] = await historyOf(admin, 'sources');
  expect(change?.differences).toMatchObject([{ path: ['camera/'], after: rule }]);
  expect((await send(admin, 'POST', `/settings/history/${change?.id}/undo`)).status).toBe(200);
  expect(await ports.settings.sourceRules()).toEqual([]);
});

test.each<[string, unknown, string]>([
  ['an unknown operation', { prefix: 'a/', operations: ['blur'] }, 'json.rules.0.operations'],
  [
    'options that do not fit',
    { prefix: 'a/', operations: ['sketch'], options: { blur: 'x' } },
    'json.rules.0.options',
  ],
  ['a prefix that no upload has', { prefix: '_a/', operations: ['sketch'] }, 'json.rules.0.prefix'],
  ['no prefix', { prefix: '', operations: ['sketch'] }, 'json.rules.0.prefix'],
  ['a mistyped field', { prefix: 'a/', operations: ['sketch'], onwer: 'ann' }, 'json.rules.0.onwer'],
])('a rule with %s is refused, and nothing is saved', async (_, rule, path) => {
  const { admin, ports } = await createSite();
  const response = await send(admin, 'PUT', '/sources', { rules: [rule] });
  expect(response.status).toBe(400);
  const { errors = [] } = problemSchema.parse(await response.json());
  expect(errors.map((error) => error.path)).toContain(path);
  expect(await ports.settings.sourceRules()).toEqual([]);
});

test('Cloud Run is paused by hand with a reason and an end, and let work again, with its breaker', async () => {
  const { admin, ports, clock } = await createSite();
  const paused = await send(admin, 'POST', '/cloud-run/pause', { why: 'The bill', forSeconds: 600 });
  const until = new Date(clock.now().getTime() + 600_000).toISOString();
  expect(await paused.json()).toEqual({ pause: { why: 'The bill', until } });
  expect((await ports.settings.routing()).run.pause).toEqual({ why: 'The bill', until });
  const state = await ports.routerStates.read();
  const breaker = {
    ...state.breaker,
    state: 'paused' as const,
    until: new Date(clock.now().getTime() + 9_000),
  };
  await ports.routerStates.replace(state, { ...state, breaker });
  expect((await admin.request(at('/cloud-run/resume'), { method: 'POST' })).status).toBe(200);
  expect((await ports.settings.routing()).run.pause).toBeNull();
  expect((await ports.routerStates.read()).breaker.state).toBe('closed');
  expect((await send(admin, 'POST', '/cloud-run/pause', { why: '', forSeconds: 600 })).status).toBe(400);
});

test('a picture that is not there is decided as one that is, and nothing is written', async () => {
  const { admin, ports, clock } = await createSite();
  await ports.fleet.beat(heartbeat('vm-1', clock.now()));
  await ports.settings.changeSources(
    [{ prefix: 'camera/', operations: ['caption'], options: {}, owner: 'garden', class: 'bulk' }],
    'ann',
  );
  const ask = async (body: object) => {
    const response = await send(admin, 'POST', '/explain', { operation: 'sketch', size: 500_000, ...body });
    expect(response.status).toBe(200);
    return explanationSchema.parse(await response.json());
  };
  const plain = await ask({ owner: 'ann' });
  expect(plain).toMatchObject({
    owner: 'ann',
    rule: null,
    class: 'interactive',
    objectiveMs: 2_000,
    deferred: false,
  });
  expect(plain.route).toMatchObject({ target: 'vm', reason: 'vm_in_time' });
  const ruled = await ask({ operation: 'caption', name: 'camera/1.jpg', pixels: 4_000_000 });
  expect(ruled).toMatchObject({
    owner: 'garden',
    rule: 'camera/',
    class: 'bulk',
    deferred: true,
    pixels: 4_000_000,
  });
  expect(await ask({ files: 500 })).toMatchObject({ class: 'bulk', objectiveMs: 600_000 });
  expect((await ports.feed.find({}, 10, null)).jobs).toEqual([]);
  expect((await send(admin, 'POST', '/explain', { operation: 'blur', size: 1 })).status).toBe(400);
});

test('calibration and limits are told', async () => {
  const { site, admin } = await createSite();
  await succeed(await upload(site, 'somebody'), tinyGif, site);
  const calibration = await admin.request(at('/calibration'));
  expect(calibrationViewSchema.parse(await calibration.json())).toMatchObject({ reads: 1 });
  const { limits } = limitsSchema.parse(await (await admin.request(at('/limits'))).json());
  expect(limits.find(({ name }) => name === 'uploads')?.owner.burst).toBe(500);
});

async function linesOf(response: Response) {
  expect(response.status).toBe(200);
  const events = (await response.text()).split('\n\n').filter((event) => event !== '');
  return events.map((event) => whatIfLineSchema.parse(JSON.parse(event.replace(/^data: /, ''))));
}

test('the last hour is played with other settings, beside today’s and beside what was', async () => {
  const { site, admin, ports, clock } = await createSite();
  for (let job = 0; job < 3; job++) await succeed(await upload(site, 'somebody'), tinyGif, site);
  clock.advance(1_000);
  const routing = { objectivesMs: { sketch: 1 } };
  const lines = await linesOf(await send(admin, 'POST', '/what-if', { range: '1h', routing }));
  expect(lines[0]).toEqual({ kind: 'progress', share: 0 });
  const result = lines.at(-1) as WhatIfResult;
  expect(result).toMatchObject({
    kind: 'result',
    basis: { jobs: 3, played: 3, stretches: 1, reads: 4, vms: 0 },
  });
  const sums = [result.measured, result.today, result.proposed].map(({ groups }) => groups.length);
  expect(sums).toEqual([1, 1, 1]);
  // Nobody makes a sketch within a millisecond.
  expect(result.proposed.groups[0]).toMatchObject({ operation: 'sketch', jobs: 3, missed: 3 });
  expect((await ports.settings.routing()).objectivesMs).toEqual({});
});

test('a time in which nothing was sent says so, and settings that contradict each other are refused', async () => {
  const { admin } = await createSite();
  const lines = await linesOf(await send(admin, 'POST', '/what-if', { routing: {} }));
  expect(lines.at(-1)).toMatchObject({ kind: 'failed', why: expect.stringContaining('Nothing was sent') });
  const bad = { vm: { liveWithinMs: 10_000, doubtWithinMs: 5_000 } };
  expect((await send(admin, 'POST', '/what-if', { routing: bad })).status).toBe(400);
  expect((await send(admin, 'POST', '/what-if', { routing: { polcy: 1 } })).status).toBe(400);
});
