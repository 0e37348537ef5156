import { expect, test } from 'vitest';
import type { AdminAccess } from './api/admin-access.ts';
import { readWebConfig } from './config.ts';

const complete = {
  SPILLWAY_PROJECT: 'demo-spillway',
  SPILLWAY_UPLOADS_BUCKET: 'uploads',
  SPILLWAY_WEB_UPLOADS_BUCKET: 'web-uploads',
  SPILLWAY_RESULTS_BUCKET: 'results',
  SPILLWAY_SESSION_SECRET: 's'.repeat(32),
};
const token = { SPILLWAY_ADMIN_TOKEN: 't'.repeat(16) };
const audience = '/projects/123/locations/us-central1/services/spillway-admin';
const proxy = { SPILLWAY_IAP_AUDIENCE: audience };
const keysUrl = 'https://www.gstatic.com/iap/verify/public_key';

test.each<[string, Record<string, string>, AdminAccess]>([
  ['the token lets in', token, { kind: 'token', token: token.SPILLWAY_ADMIN_TOKEN }],
  [
    'the proxy and a list let in',
    { ...proxy, SPILLWAY_ADMINS: 'Ann@example.com, bob@example.com,' },
    { kind: 'proxy', audience, people: new Set(['ann@example.com', 'bob@example.com']), keysUrl },
  ],
  [
    'everybody whom the proxy lets through is an admin',
    { ...proxy, SPILLWAY_ADMINS: '*' },
    { kind: 'proxy', audience, people: 'all', keysUrl },
  ],
  [
    'behind the proxy no token lets in',
    { ...proxy, ...token, SPILLWAY_ADMINS: '*' },
    { kind: 'proxy', audience, people: 'all', keysUrl },
  ],
  [
    'the proxy of a load balancer has another audience, and keys may come from elsewhere',
    {
      SPILLWAY_IAP_AUDIENCE: '/projects/123/global/backendServices/456',
      SPILLWAY_ADMINS: '*',
      SPILLWAY_IAP_KEYS_URL: 'http://127.0.0.1:1/keys',
    },
    {
      kind: 'proxy',
      audience: '/projects/123/global/backendServices/456',
      people: 'all',
      keysUrl: 'http://127.0.0.1:1/keys',
    },
  ],
  [
    'nobody is an admin where only visitors are served',
    { SPILLWAY_SITE_PAGES: 'visitors' },
    { kind: 'closed' },
  ],
])('%s', (_what, more, access) => {
  expect(readWebConfig({ ...complete, ...more }).adminAccess).toEqual(access);
});

test.each<[string, Record<string, string>, string | RegExp]>([
  ['nothing says who is an admin', {}, 'SPILLWAY_ADMIN_TOKEN'],
  ['a service for admins has no way in', { SPILLWAY_SITE_PAGES: 'admin' }, 'SPILLWAY_IAP_AUDIENCE'],
  ['the proxy has no list', proxy, 'SPILLWAY_ADMINS names nobody'],
  ['the list is empty', { ...proxy, SPILLWAY_ADMINS: ' , ' }, 'SPILLWAY_ADMINS names nobody'],
  ['a list has no proxy', { ...token, SPILLWAY_ADMINS: 'ann@example.com' }, 'SPILLWAY_IAP_AUDIENCE'],
  ['the list has no address', { ...proxy, SPILLWAY_ADMINS: 'ann' }, /takes e-mail addresses.*not ann\./],
  ['the list has all and one', { ...proxy, SPILLWAY_ADMINS: '*,a@b.c' }, 'alone'],
  ['the audience is the address', { SPILLWAY_IAP_AUDIENCE: 'https://x.run.app' }, 'SPILLWAY_IAP_AUDIENCE'],
  ['the pages have no such name', { ...token, SPILLWAY_SITE_PAGES: 'dashboard' }, 'SPILLWAY_SITE_PAGES'],
])('does not start where %s', (_what, more, words) => {
  expect(() => readWebConfig({ ...complete, ...more })).toThrow(words);
});
