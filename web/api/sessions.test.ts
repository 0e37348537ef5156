import { describe, expect, test } from 'vitest';
import { problemSchema, uploadSchema } from './schema.ts';
import { adminToken, createAdmin, createBrowser, createTestApi, origin, upload } from './test-client.ts';

const uploadBody = { fileName: 'a.jpg', size: 3, operations: ['sketch'] };
const day = 24 * 3_600_000;

describe('a visitor', () => {
  test('gets a session with the first request, and keeps it', async () => {
    const site = createTestApi();
    const browser = createBrowser(site);
    const first = await browser.request('/api/v1/jobs');
    expect(first.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^spillway_session=[0-9a-f]{32}\.\d+\.[\w-]{43}; .*HttpOnly; SameSite=Lax$/),
    ]);
    const owner = await browser.owner();
    const second = await browser.request('/api/v1/jobs');
    expect(second.headers.getSetCookie()).toEqual([]);
    expect(await browser.owner()).toBe(owner);
  });

  test('has the owner id in the object names of uploads', async () => {
    const browser = createBrowser(createTestApi());
    const owner = await browser.owner();
    const { objectName } = uploadSchema.parse(
      await (await browser.post('/api/v1/uploads', uploadBody)).json(),
    );
    expect(objectName).toMatch(new RegExp(`^${owner}/[0-9a-f-]{36}/a\\.jpg$`));
  });

  test('gets the cookie renewed after a day, and a new session after half a year', async () => {
    const site = createTestApi();
    const browser = createBrowser(site);
    const owner = await browser.owner();
    site.clock.advance(2 * day);
    const renewed = await browser.request('/api/v1/jobs');
    expect(renewed.headers.getSetCookie()).toHaveLength(1);
    expect(await browser.owner()).toBe(owner);
    site.clock.advance(181 * day);
    await browser.request('/api/v1/jobs');
    expect(await browser.owner()).not.toBe(owner);
  });

  test('gets a Secure cookie over https', async () => {
    const { api } = createTestApi();
    const direct = await api.request('https://site.test/api/v1/jobs');
    const behindProxy = await api.request('http://site.test/api/v1/jobs', {
      headers: { 'x-forwarded-proto': 'https' },
    });
    const plain = await api.request('http://site.test/api/v1/jobs');
    expect(direct.headers.get('set-cookie')).toContain('; Secure');
    expect(behindProxy.headers.get('set-cookie')).toContain('; Secure');
    expect(plain.headers.get('set-cookie')).not.toContain('Secure');
  });
});

describe('a forged or damaged cookie', () => {
  test.each([
    [
      "somebody else's owner id under one's own signature",
      (mine: string, other: string) => mine.replace(/^[^.]+/, other),
    ],
    ['another time of issue', (mine: string) => mine.replace(/\.\d+\./, '.1.')],
    ['another signature', (mine: string) => `${mine.slice(0, -43)}${'A'.repeat(43)}`],
    ['no signature', (mine: string) => mine.slice(0, -44)],
    ['an empty signature', (mine: string) => mine.slice(0, -43)],
    ['nonsense', () => '%00%ff..'],
  ])('with %s gives a new session', async (_, forge) => {
    const site = createTestApi();
    const victim = createBrowser(site);
    const job = await upload(site, await victim.owner());
    const attacker = createBrowser(site);
    await attacker.owner();
    const mine = attacker.cookies.get('spillway_session') ?? '';
    attacker.cookies.set('spillway_session', forge(mine, await victim.owner()));

    const response = await attacker.request(`/api/v1/jobs/${job.id}`);

    expect(response.status).toBe(404);
    expect(response.headers.getSetCookie()).toHaveLength(1);
    expect(await attacker.owner()).not.toBe(await victim.owner());
  });

  test("a visitor's cookie is no admin's", async () => {
    const browser = createBrowser(createTestApi());
    await browser.owner();
    browser.cookies.set('spillway_admin', browser.cookies.get('spillway_session') ?? '');
    expect((await browser.request('/api/v1/admin/overview')).status).toBe(401);
  });
});

describe('requests that change something', () => {
  const refusedHeaders: [string, Record<string, string>][] = [
    ["another site's origin", { origin: 'https://evil.test' }],
    ['a sandboxed page', { origin: 'null' }],
    ['the same host over another scheme', { origin: 'https://site.test' }],
    ['Sec-Fetch-Site cross-site', { origin, 'sec-fetch-site': 'cross-site' }],
    ['Sec-Fetch-Site same-site, which a sibling domain has', { origin, 'sec-fetch-site': 'same-site' }],
  ];
  test.each(refusedHeaders)('are refused with %s', async (_, headers) => {
    const site = createTestApi();
    const browser = createBrowser(site);
    const job = await upload(site, await browser.owner());
    for (const response of [
      await browser.post('/api/v1/uploads', uploadBody, headers),
      await browser.post(`/api/v1/jobs/${job.id}/cancel`, undefined, headers),
      await browser.request(`/api/v1/jobs/${job.id}`, { method: 'DELETE', headers }),
    ]) {
      expect(response.status).toBe(403);
      expect(problemSchema.parse(await response.json()).code).toBe('cross_site');
    }
    expect((await site.ports.jobs.get(job.id))?.job.state).toBe('queued');
  });

  test('are refused with cookies and no word of where they come from', async () => {
    const { api } = createTestApi();
    const init = { method: 'POST', body: JSON.stringify(uploadBody) };
    const type = { 'content-type': 'application/json' };
    const bare = await api.request(`${origin}/api/v1/uploads`, { ...init, headers: type });
    const cookie = await api.request(`${origin}/api/v1/uploads`, {
      ...init,
      headers: { ...type, cookie: 'a=b' },
    });
    expect([bare.status, cookie.status]).toEqual([201, 403]);
  });

  test('pass from the own page, also where a proxy hides the host', async () => {
    const browser = createBrowser(createTestApi());
    await browser.owner();
    const own = await browser.post('/api/v1/uploads', uploadBody);
    const proxied = await browser.post('/api/v1/uploads', uploadBody, {
      origin: 'https://public.test',
      'sec-fetch-site': 'same-origin',
    });
    expect([own.status, proxied.status]).toEqual([201, 201]);
  });
});

describe('the admin', () => {
  const routes: [string, string][] = [
    ['GET', '/api/v1/admin/overview'],
    ['GET', '/api/v1/admin/workers'],
    ['POST', '/api/v1/admin/workers/vm-1/drain'],
    ['GET', '/api/v1/admin/jobs'],
    ['GET', '/api/v1/admin/jobs/abc'],
    ['GET', '/api/v1/admin/settings'],
    ['GET', '/api/v1/admin/events'],
    ['GET', '/api/v1/admin/anything'],
  ];
  test.each(routes)('is needed for %s %s', async (method, path) => {
    const browser = createBrowser(createTestApi());
    await browser.owner();
    for (const headers of [{}, { authorization: 'Bearer wrong' }, { authorization: 'Bearer' }]) {
      const response = await browser.request(path, method === 'GET' ? { headers } : { method, headers });
      expect(response.status).toBe(401);
      expect(problemSchema.parse(await response.json()).code).toBe('admin_required');
    }
  });

  test.each([
    ['JSON', 'application/json', (token: string) => JSON.stringify({ token }), 204],
    ['a form', 'application/x-www-form-urlencoded', (token: string) => `token=${token}`, 303],
  ])('enters with the token in %s', async (_what, type, bodyOf, status) => {
    const browser = createBrowser(createTestApi());
    const enter = (body: string, headers = {}) =>
      browser.request('/admin/enter', {
        method: 'POST',
        headers: { 'content-type': type, ...headers },
        body,
      });
    for (const body of [bodyOf('wrong'), bodyOf(''), '', '{', '[]', `token=${'x'.repeat(5_000)}`]) {
      const refused = await enter(body);
      expect([403, 413]).toContain(refused.status);
      expect(refused.headers.getSetCookie()).toEqual([]);
    }
    const foreign = await enter(bodyOf(adminToken), { origin: 'https://elsewhere.test' });
    expect(problemSchema.parse(await foreign.json()).code).toBe('cross_site');

    const entered = await enter(bodyOf(adminToken));
    expect([entered.status, entered.headers.get('cache-control')]).toEqual([status, 'no-store']);
    expect(entered.headers.get('set-cookie')).toMatch(/HttpOnly; SameSite=Strict/);
    expect(entered.headers.get('set-cookie')).not.toContain(adminToken);
    expect((await browser.request('/api/v1/admin/overview')).status).toBe(200);
  });

  test('is taken to the dashboard by the address, which has the token where no server sees it', async () => {
    const response = await createBrowser(createTestApi()).request('/admin/enter');
    expect([response.status, response.headers.get('location')]).toEqual([302, '/dashboard/']);
    expect(response.headers.getSetCookie()).toEqual([]);
  });

  test.each(['?token=wrong', '?token=', `?token=${adminToken}`])(
    'is let in by no address %s',
    async (query) => {
      const browser = createBrowser(createTestApi());
      const response = await browser.request(`/admin/enter${query}`);
      expect([response.status, response.headers.get('location')]).toEqual([302, '/dashboard/']);
      expect(response.headers.getSetCookie()).toEqual([]);
      expect((await browser.request('/api/v1/admin/overview')).status).toBe(401);
    },
  );

  test('may send the token in place of the cookie', async () => {
    const { api } = createTestApi();
    const headers = { authorization: `Bearer ${adminToken}` };
    expect((await api.request('/api/v1/admin/overview', { headers })).status).toBe(200);
  });

  test('stays for half a day', async () => {
    const site = createTestApi();
    const admin = await createAdmin(site);
    site.clock.advance(day / 2 + 1_000);
    expect((await admin.request('/api/v1/admin/overview')).status).toBe(401);
  });
});
