import { expect, test } from 'vitest';
import { readWebConfig } from './config.ts';

const complete = {
  SPILLWAY_PROJECT: 'demo-spillway',
  SPILLWAY_UPLOADS_BUCKET: 'uploads',
  SPILLWAY_WEB_UPLOADS_BUCKET: 'web-uploads',
  SPILLWAY_RESULTS_BUCKET: 'results',
  SPILLWAY_SESSION_SECRET: 's'.repeat(32),
  SPILLWAY_ADMIN_TOKEN: 't'.repeat(16),
};

test('stays on this machine and talks to the cloud unless told otherwise', () => {
  expect(readWebConfig(complete)).toMatchObject({
    PORT: 4_321,
    host: '127.0.0.1',
    publicOrigin: null,
    storageOrigin: 'https://storage.googleapis.com',
  });
});

test.each([
  [{ STORAGE_EMULATOR_HOST: 'http://127.0.0.1:9199' }, 'http://127.0.0.1:9199'],
  [{ STORAGE_EMULATOR_HOST: '127.0.0.1:9199' }, 'http://127.0.0.1:9199'],
  [
    { STORAGE_EMULATOR_HOST: '127.0.0.1:9199', SPILLWAY_STORAGE_ORIGIN: 'https://upload.test/path' },
    'https://upload.test',
  ],
])('with %j pages may upload to %s', (more, origin) => {
  expect(readWebConfig({ ...complete, ...more }).storageOrigin).toBe(origin);
});

test('takes the origin from the public address', () => {
  const config = readWebConfig({ ...complete, PORT: '0', SPILLWAY_PUBLIC_URL: 'https://spillway.test/' });
  expect([config.PORT, config.publicOrigin]).toEqual([0, 'https://spillway.test']);
});

test.each([
  ['SPILLWAY_SESSION_SECRET', undefined],
  ['SPILLWAY_SESSION_SECRET', 'short'],
  ['SPILLWAY_ADMIN_TOKEN', undefined],
  ['SPILLWAY_ADMIN_TOKEN', 'short'],
  ['SPILLWAY_PROJECT', undefined],
  ['SPILLWAY_PUBLIC_URL', 'javascript:alert(1)'],
  ['PORT', '70000'],
  ['SPILLWAY_TRUSTED_PROXIES', '-1'],
  ['SPILLWAY_TRUSTED_PROXIES', 'all'],
])('names %s when it is %j', (name, value) => {
  expect(() => readWebConfig({ ...complete, [name]: value })).toThrow(name);
});

test.each([
  [{ K_SERVICE: 'site' }, '0.0.0.0'],
  [{ SPILLWAY_HOST: '0.0.0.0' }, '0.0.0.0'],
  [{ K_SERVICE: 'site', SPILLWAY_HOST: '::' }, '::'],
])('with %j listens on %s', (more, host) => {
  expect(readWebConfig({ ...complete, ...more }).host).toBe(host);
});

test.each([
  [{}, 0],
  [{ K_SERVICE: 'site' }, 1],
  [{ K_SERVICE: 'site', SPILLWAY_TRUSTED_PROXIES: '2' }, 2],
  [{ SPILLWAY_TRUSTED_PROXIES: '0', K_SERVICE: 'site' }, 0],
])('with %j trusts %i proxies', (more, trusted) => {
  expect(readWebConfig({ ...complete, ...more }).trustedProxies).toBe(trusted);
});
