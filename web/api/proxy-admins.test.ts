import { createHmac, generateKeyPairSync } from 'node:crypto';
import type { Log } from '@spillway/pipeline/ports/ports.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AdminAccess } from './admin-access.ts';
import { proxyHeader } from './proxy-admins.ts';
import { problemSchema } from './schema.ts';
import { adminToken, createTestApi, origin, upload } from './test-client.ts';
import { proxyAudience, resigned, startTestProxy, type TestProxy } from './test-proxy.ts';

let proxy: TestProxy;
beforeEach(async () => {
  proxy = await startTestProxy();
});
afterEach(() => proxy.close());

type Line = { fields: object; message: string };

/** The API behind the proxy. `ask` sends a header, or none. */
function createSite(
  people: Extract<AdminAccess, { kind: 'proxy' }>['people'] = new Set(['ann@example.com']),
) {
  const lines: Line[] = [];
  const keep: Log['info'] = (fields, message) => void lines.push({ fields, message });
  const log = { info: keep, warn: keep, error: keep };
  const access: AdminAccess = { kind: 'proxy', audience: proxyAudience, people, keysUrl: proxy.keysUrl };
  const site = createTestApi((ports) => ({ ...ports, log }), { access });
  const ask = async (assertion: string | null, path = '/api/v1/admin/overview', init: RequestInit = {}) => {
    const headers = { ...init.headers, ...(assertion === null ? {} : { [proxyHeader]: assertion }) };
    const response = await site.api.request(`${origin}${path}`, { ...init, headers });
    const isProblem = response.headers.get('content-type') === 'application/problem+json';
    return {
      status: response.status,
      headers: response.headers,
      code: isProblem ? problemSchema.parse(await response.json()).code : null,
    };
  };
  return { ...site, site, ask, lines };
}

const seconds = () => Math.floor(Date.now() / 1_000);

test('an admin on the list is let in, whatever the case of the address', async () => {
  const { ask, lines } = createSite();
  expect(await ask(proxy.sign())).toMatchObject({ status: 200 });
  expect(await ask(proxy.sign({ email: 'Ann@Example.com' }))).toMatchObject({ status: 200 });
  expect(lines).toEqual([]);
});

test('an address that only looks like one on the list is not on it', async () => {
  const { ask } = createSite(new Set(['kim@example.com']));
  expect(await ask(proxy.sign({ email: 'Kim@example.com' }))).toMatchObject({ status: 200 });
  for (const email of [
    '\u212aim@example.com',
    '\u041aim@example.com',
    'kim@example.com.',
    ' kim@example.com',
  ]) {
    expect([email, await ask(proxy.sign({ email }))]).toMatchObject([email, { code: 'not_admin' }]);
  }
});

test('somebody whom the proxy lets through and who is not on the list is told so', async () => {
  const { ask } = createSite();
  expect(await ask(proxy.sign({ email: 'bob@example.com' }))).toMatchObject({
    status: 403,
    code: 'not_admin',
  });
  expect(await createSite('all').ask(proxy.sign({ email: 'bob@example.com' }))).toMatchObject({
    status: 200,
  });
});

test('an outside identity, whose address has a prefix, is nobody on the list', async () => {
  const { ask } = createSite();
  const email = 'securetoken.google.com/project/tenant:ann@example.com';
  expect(await ask(proxy.sign({ email }))).toMatchObject({ status: 403, code: 'not_admin' });
});

describe('a header that does not hold is refused with 401 and one line without its content:', () => {
  const forged: [why: string, what: string, make: () => string][] = [
    ['unreadable', 'no token at all', () => 'nonsense'],
    ['unreadable', 'an empty one', () => '..'],
    ['unreadable', 'one without claims', () => proxy.sign({ email: undefined })],
    ['unreadable', 'a long one', () => proxy.sign({ more: 'x'.repeat(10_000) })],
    ['unreadable', 'one without a signature', () => `${proxy.sign().split('.').slice(0, 2).join('.')}.`],
    ['algorithm', 'alg none', () => proxy.sign({}, { alg: 'none' })],
    ['algorithm', 'HS256 with the public key for a password', () => hs256(proxy)],
    ['algorithm', 'RS256', () => rs256(proxy)],
    ['unknown_key', 'an unknown key', () => proxy.sign({}, { kid: 'another' })],
    ['unknown_key', 'a name of every object’s for a key', () => proxy.sign({}, { kid: 'constructor' })],
    ['signature', 'a signature of one’s own', () => resigned(proxy.sign())],
    ['signature', 'another person’s address under the signature', () => withOtherClaims(proxy)],
    ['issuer', 'another issuer', () => proxy.sign({ iss: 'https://accounts.google.com' })],
    [
      'audience',
      'another service',
      () => proxy.sign({ aud: '/projects/123/locations/us-central1/services/x' }),
    ],
    ['audience', 'a longer audience', () => proxy.sign({ aud: `${proxyAudience}2` })],
    ['expired', 'one of yesterday', () => proxy.sign({ iat: seconds() - 86_400, exp: seconds() - 85_800 })],
    [
      'expired',
      'one that ended a minute ago',
      () => proxy.sign({ iat: seconds() - 660, exp: seconds() - 60 }),
    ],
    ['expired', 'one that lives for a year', () => proxy.sign({ exp: seconds() + 31_536_000 })],
    ['too_early', 'one of tomorrow', () => proxy.sign({ iat: seconds() + 86_400, exp: seconds() + 87_000 })],
  ];
  test.each(forged)('%s: %s', async (why, _what, make) => {
    const { ask, lines } = createSite('all');
    const assertion = make();
    expect(await ask(assertion)).toMatchObject({ status: 401, code: 'proxy_required' });
    expect(lines).toEqual([
      { fields: { why, audience: proxyAudience }, message: 'A header of Identity-Aware Proxy was refused.' },
    ]);
  });

  test('also where visitors are served', async () => {
    const { ask, site } = createSite('all');
    const job = await upload(site, 'somebody');
    expect(await ask(resigned(proxy.sign()), `/api/v1/jobs/${job.id}`)).toMatchObject({ status: 401 });
    expect(await ask(proxy.sign(), `/api/v1/jobs/${job.id}`)).toMatchObject({ status: 200 });
    // Behind no proxy, or for whom it has not signed in, this is a visitor like any other.
    expect(await ask(null, `/api/v1/jobs/${job.id}`)).toMatchObject({ status: 404 });
  });
});

test('without the header nobody is an admin, and no token lets in', async () => {
  const { ask, lines } = createSite('all');
  expect(await ask(null)).toMatchObject({ status: 401, code: 'proxy_required' });
  const authorization = `Bearer ${adminToken}`;
  expect(await ask(null, '/api/v1/admin/overview', { headers: { authorization } })).toMatchObject({
    status: 401,
  });
  const token = JSON.stringify({ token: adminToken });
  const post = { method: 'POST', body: token, headers: { 'content-type': 'application/json' } };
  expect(await ask(proxy.sign(), '/admin/enter', post)).toMatchObject({ status: 404 });
  // The headers that the proxy adds without a signature say nothing.
  const unsigned = { 'x-goog-authenticated-user-email': 'accounts.google.com:ann@example.com' };
  expect(await ask(null, '/api/v1/admin/overview', { headers: unsigned })).toMatchObject({ status: 401 });
  expect(lines).toEqual([]);
});

test.each([
  ['another site’s page', { 'sec-fetch-site': 'cross-site', origin }, 403],
  ['another site’s page in an older browser', { origin: 'https://elsewhere.test' }, 403],
  ['nobody who says where it comes from', {}, 403],
  ['the own page', { 'sec-fetch-site': 'same-origin' }, 200],
  ['a program that names the site', { origin }, 200],
])('a change that the proxy’s cookie signs is taken of %s: %j', async (_who, headers, status) => {
  const { ask } = createSite();
  const body = JSON.stringify({ routing: {} });
  const init = { method: 'PUT', body, headers: { 'content-type': 'application/json', ...headers } };
  expect(await ask(proxy.sign(), '/api/v1/admin/settings', init)).toMatchObject({ status });
});

test('where the keys cannot be read, the answer is 503 with a time to come back', async () => {
  proxy.answer.status = 500;
  const { ask } = createSite();
  const refused = await ask(proxy.sign());
  expect(refused).toMatchObject({ status: 503, code: 'unavailable' });
  expect(refused.headers.get('retry-after')).toBe('5');
});

function hs256({ sign, publicPem }: TestProxy): string {
  const text = sign({}, { alg: 'HS256' }).split('.').slice(0, 2).join('.');
  return `${text}.${createHmac('sha256', publicPem).update(text).digest('base64url')}`;
}

function rs256({ sign }: TestProxy): string {
  return resigned(
    sign({}, { alg: 'RS256' }),
    generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey,
  );
}

function withOtherClaims({ sign }: TestProxy): string {
  const [head, , signature] = sign().split('.');
  const [, claims] = sign({ email: 'eve@example.com' }).split('.');
  return [head, claims, signature].join('.');
}
