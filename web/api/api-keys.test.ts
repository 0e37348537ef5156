import type { ApiKey } from '@spillway/core/api-keys.ts';
import { expect, test, vi } from 'vitest';
import { apiKeyListSchema, newKeySchema } from './admin-schema.ts';
import { jobPageSchema, problemSchema, uploadSchema } from './schema.ts';
import {
  addressHeader,
  adminToken,
  createAdmin,
  createBrowser,
  createTestApi,
  origin,
  type TestApi,
  upload,
} from './test-client.ts';
import { readEvents } from './test-events.ts';
import { makeKey } from './test-keys.ts';

const uploadBody = { fileName: 'a.jpg', size: 3, operations: ['sketch'] };
const minute = 60_000;

/** A site with one key, and a program that shows it. */
async function createSite(change: Partial<ApiKey> = {}) {
  const site = createTestApi();
  const { text, key } = makeKey(site.clock.now(), change);
  await site.ports.apiKeys.create(key);
  return { ...site, site, key, text, program: createProgram(site, text) };
}

function createProgram({ api }: Pick<TestApi, 'api'>, text: string) {
  return async (method: string, path: string, body?: object, headers: Record<string, string> = {}) =>
    api.request(`${origin}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${text}`, 'content-type': 'application/json', ...headers },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
}

async function codeOf(response: Response): Promise<string> {
  return problemSchema.parse(await response.json()).code;
}

test('an admin makes a key, whose text is in no document and in no other answer', async () => {
  const site = createTestApi();
  const admin = await createAdmin(site);
  const wanted = { name: ' Garden camera ', owner: 'garden', scopes: ['upload', 'read'], validDays: 30 };
  const made = await admin.post('/api/v1/admin/keys', wanted);
  expect([made.status, made.headers.get('cache-control')]).toEqual([201, 'no-store']);
  const { text, key } = newKeySchema.parse(await made.json());
  expect(key).toMatchObject({ name: 'Garden camera', owner: 'garden', createdBy: 'token', revokedAt: null });
  expect(key.validUntil.getTime() - site.clock.now().getTime()).toBe(30 * 24 * 60 * minute);

  const program = createProgram(site, text);
  expect((await program('POST', '/uploads', uploadBody)).status).toBe(201);
  const list = await (await admin.request('/api/v1/admin/keys')).text();
  expect(apiKeyListSchema.parse(JSON.parse(list)).keys).toMatchObject([
    { id: key.id, lastUsedAt: site.clock.now() },
  ]);
  const stored = JSON.stringify(await site.ports.apiKeys.get(key.id));
  const audit = await (await admin.request('/api/v1/admin/audit')).text();
  for (const kept of [list, stored, audit]) {
    expect(kept).not.toContain(text);
    expect(kept).not.toContain(text.slice(4, 20));
  }
  expect(list).not.toContain('hash');
  expect(JSON.parse(audit).entries).toMatchObject([{ action: 'create_key', subject: key.id, by: 'token' }]);
});

test.each([
  { owner: '' },
  { owner: 'a/b' },
  { owner: '_hidden' },
  { owner: '../x' },
  { owner: 'parallel_composite_uploads' },
  { owner: '0123456789abcdef0123456789abcdef' },
  { scopes: [] },
  { scopes: ['admin'] },
  { validDays: 0 },
  { validDays: 10_000 },
  { name: '' },
  { text: 'spw_mine' },
])('no key is made with %j', async (change) => {
  const site = createTestApi();
  const admin = await createAdmin(site);
  const wanted = { name: 'Camera', owner: 'garden', scopes: ['read'], ...change };
  const refused = await admin.post('/api/v1/admin/keys', wanted);
  expect([refused.status, await codeOf(refused)]).toEqual([400, 'invalid_request']);
  expect(await site.ports.apiKeys.list(10)).toEqual([]);
});

test('a program with a key acts for the key’s owner, whatever cookie comes along, and gets none', async () => {
  const { site, program, key, ports } = await createSite();
  const visitor = createBrowser(site);
  const theirs = await upload(site, await visitor.owner());
  const cookie = `spillway_session=${visitor.cookies.get('spillway_session')}`;
  const opened = await program('POST', '/uploads', uploadBody, { cookie, origin });
  expect(opened.headers.getSetCookie()).toEqual([]);
  const { objectName, uploadId } = uploadSchema.parse(await opened.json());
  expect(objectName).toBe(`garden/${uploadId}/a.jpg`);

  const own = await upload(site, key.owner);
  expect(own.owner).toBe('garden');
  const listed = await program('GET', '/jobs', undefined, { cookie });
  expect(jobPageSchema.parse(await listed.json()).jobs.map(({ id }) => id)).toEqual([own.id]);
  expect((await program('GET', `/jobs/${theirs.id}`, undefined, { cookie })).status).toBe(404);
  expect((await program('POST', `/jobs/${own.id}/cancel`)).status).toBe(200);
  expect((await ports.jobs.get(theirs.id))?.job.state).toBe('queued');
  // A key opens nothing of the admin's, even beside the admin's cookie.
  const admin = await createAdmin(site);
  const adminCookie = `spillway_admin=${admin.cookies.get('spillway_admin')}`;
  expect((await program('GET', `/jobs/${theirs.id}`, undefined, { cookie: adminCookie })).status).toBe(404);
  expect((await program('GET', '/admin/keys')).status).toBe(401);
});

test.each([
  ['upload', ['POST /uploads'], ['GET /jobs', 'GET /events', 'DELETE /jobs/abc']],
  [
    'read',
    ['GET /jobs', 'GET /jobs/abc', 'GET /jobs/abc/result', 'GET /jobs/abc/source'],
    ['POST /uploads', 'POST /jobs/abc/cancel', 'POST /jobs/abc/retry', 'DELETE /jobs/abc'],
  ],
  [
    'change',
    ['POST /jobs/abc/cancel', 'DELETE /jobs/abc'],
    ['POST /uploads', 'GET /jobs', 'GET /jobs/abc/result'],
  ],
] as const)('the scope %s admits to its routes alone', async (scope, admitted, refused) => {
  const { program } = await createSite({ scopes: [scope] });
  const ask = async (route: string) => {
    const [method = '', path = ''] = route.split(' ');
    return program(method, path, method === 'POST' && path === '/uploads' ? uploadBody : undefined);
  };
  for (const route of admitted) expect([route, (await ask(route)).status]).not.toEqual([route, 403]);
  for (const route of refused) {
    const response = await ask(route);
    expect([route, response.status, await codeOf(response)]).toEqual([route, 403, 'missing_scope']);
    expect(response.headers.get('www-authenticate')).toMatch(/insufficient_scope/);
  }
  for (const route of ['GET /operations', 'GET /deletion']) expect((await ask(route)).status).toBe(200);
});

test('a key that ends, or is none, is refused with its own words, and the database is asked of whole keys alone', async () => {
  const { site, ports, clock, program, key } = await createSite();
  const get = vi.spyOn(ports.apiKeys, 'get');
  const detailOf = async (text: string) => {
    const response = await createProgram(site, text)('GET', '/jobs');
    expect(response.headers.get('www-authenticate')).toContain('invalid_token');
    expect(response.status).toBe(401);
    return problemSchema.parse(await response.json());
  };
  for (const text of ['spw_', 'spw_mistyped', `spw_${'A'.repeat(49)}`]) {
    expect(await detailOf(text)).toMatchObject({
      code: 'invalid_key',
      detail: expect.stringMatching(/typing/),
    });
  }
  expect(get).not.toHaveBeenCalled();
  const { text: unknown } = makeKey(clock.now());
  expect(await detailOf(unknown)).toMatchObject({ detail: expect.stringMatching(/no such/) });
  // Another key's document with the hash of this one's beginning admits nobody.
  const { text: forged, key: other } = makeKey(clock.now());
  await ports.apiKeys.create({ ...other, hash: other.hash.slice(0, 16).padEnd(64, '0') });
  expect(await detailOf(forged)).toMatchObject({ detail: expect.stringMatching(/no such/) });

  expect((await program('GET', '/jobs')).status).toBe(200);
  clock.advance(key.validUntil.getTime() - clock.now().getTime());
  expect((await program('GET', '/jobs')).status).toBe(401);
});

test('a revoked key is refused within a minute, and its stream ends', async () => {
  const { site, program, key, clock, streams } = await createSite();
  const admin = await createAdmin(site);
  await upload(site, key.owner);
  const stream = readEvents(await program('GET', '/events'));
  await stream.until('present');
  const revoked = await admin.post(`/api/v1/admin/keys/${key.id}/revoke`);
  expect(await revoked.json()).toMatchObject({ id: key.id, revokedBy: 'token' });
  clock.advance(minute / 2);
  const refused = await program('GET', '/jobs');
  expect([refused.status, await codeOf(refused)]).toEqual([401, 'invalid_key']);
  clock.advance(minute / 2);
  expect(await stream.next()).toBeNull();
  expect(streams.open).toBe(0);
  expect((await admin.post('/api/v1/admin/keys/0000000000000000/revoke')).status).toBe(404);
  expect((await admin.post('/api/v1/admin/keys/x/revoke')).status).toBe(400);
});

test('the database is read once in half a minute, and told of the use once in ten', async () => {
  const { program, ports, clock, key } = await createSite();
  const get = vi.spyOn(ports.apiKeys, 'get');
  const noteUse = vi.spyOn(ports.apiKeys, 'noteUse');
  for (let index = 0; index < 20; index++) expect((await program('GET', '/jobs')).status).toBe(200);
  expect([get.mock.calls.length, noteUse.mock.calls.length]).toEqual([1, 1]);
  for (let index = 0; index < 19; index++) {
    clock.advance(minute / 2);
    await program('GET', '/jobs');
  }
  expect([get.mock.calls.length, noteUse.mock.calls.length]).toEqual([20, 1]);
  clock.advance(minute / 2);
  await program('GET', '/jobs');
  expect(noteUse.mock.calls.length).toBe(2);
  expect((await ports.apiKeys.get(key.id))?.lastUsedAt).toEqual(clock.now());
});

test('who tries keys that do not exist may soon do so only now and then, and known keys go on', async () => {
  const { site, clock, program } = await createSite();
  const from = { [addressHeader]: '203.0.113.7' };
  expect((await program('GET', '/jobs', undefined, from)).status).toBe(200);
  const tryOne = async (headers = from) =>
    (await createProgram(site, makeKey(clock.now()).text)('GET', '/jobs', undefined, headers)).status;
  // All at once, so that none has been answered when the last one comes.
  const statuses = await Promise.all(Array.from({ length: 40 }, () => tryOne()));
  expect(statuses.filter((status) => status === 401)).toHaveLength(30);
  expect(statuses.at(-1)).toBe(429);
  expect(await tryOne({ [addressHeader]: '203.0.113.8' })).toBe(401);
  expect((await program('GET', '/jobs', undefined, from)).status).toBe(200);
  clock.advance(minute / 6);
  expect([await tryOne(), await tryOne()]).toEqual([401, 429]);
});

test('keys that do not exist are looked for no more often when all are tried at once', async () => {
  const { site, clock, ports, program } = await createSite();
  const get = vi.spyOn(ports.apiKeys, 'get');
  const tries = Array.from({ length: 100 }, () =>
    createProgram(site, makeKey(clock.now()).text)('GET', '/jobs'),
  );
  const statuses = (await Promise.all(tries)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 429)).toHaveLength(70);
  expect(get).toHaveBeenCalledTimes(30);
  clock.advance(5 * minute);
  // Keys that exist use nothing up.
  for (let index = 0; index < 40; index++) {
    clock.advance(1);
    const { text, key } = makeKey(clock.now());
    await ports.apiKeys.create(key);
    expect((await createProgram(site, text)('GET', '/jobs')).status).toBe(200);
  }
  expect((await program('GET', '/jobs')).status).toBe(200);
});

test('requests of one key that come together read it once', async () => {
  const { ports, program } = await createSite();
  const get = vi.spyOn(ports.apiKeys, 'get');
  const answers = await Promise.all(Array.from({ length: 50 }, () => program('GET', '/jobs')));
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200));
  expect(get).toHaveBeenCalledTimes(1);
});

test('a key has what a network has, and for itself', async () => {
  const { site, clock, program, ports } = await createSite();
  const open = async (send: typeof program) => (await send('POST', '/uploads', uploadBody)).status;
  let opened = 0;
  while ((await open(program)) === 201) opened++;
  expect(opened).toBe(600);
  const { text, key } = makeKey(clock.now());
  await ports.apiKeys.create(key);
  expect(await open(createProgram(site, text))).toBe(201);
});

test('the admin token is no key, and a key is no admin token', async () => {
  const { site, text } = await createSite();
  const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
  expect((await site.api.request('/api/v1/admin/overview', bearer(text))).status).toBe(401);
  expect((await site.api.request('/api/v1/admin/overview', bearer(adminToken))).status).toBe(200);
  expect((await site.api.request('/api/v1/jobs', bearer('some other token'))).status).toBe(200);
});
