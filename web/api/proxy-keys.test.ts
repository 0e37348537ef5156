import { OutageError } from '@spillway/core/errors.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createProxyKeys, type ProxyKeys } from './proxy-keys.ts';
import { startTestProxy, type TestProxy } from './test-proxy.ts';

let proxy: TestProxy;
let now: number;
let keys: ProxyKeys;
beforeEach(async () => {
  proxy = await startTestProxy();
  now = 1_000_000;
  keys = createProxyKeys(proxy.keysUrl, () => now);
});
afterEach(() => proxy.close());

test('keys are downloaded once for all who ask, and kept as long as they say', async () => {
  const found = await Promise.all(Array.from({ length: 20 }, () => keys.find('key-1')));
  expect(new Set(found).size).toBe(1);
  expect(found[0]).toContain('PUBLIC KEY');
  now += 3_599_000;
  await keys.find('key-1');
  expect(proxy.downloads).toBe(1);
  now += 2_000;
  await keys.find('key-1');
  expect(proxy.downloads).toBe(2);
});

test('a key that is not among them is looked for once in ten seconds, and no more often', async () => {
  await keys.find('key-1');
  for (let index = 0; index < 50; index++) expect(await keys.find(`made-up-${index}`)).toBeNull();
  expect(proxy.downloads).toBe(1);
  now += 10_000;
  proxy.rotate();
  const [found, other] = await Promise.all(['key-2', 'made-up'].map((id) => keys.find(id)));
  expect(found).toContain('PUBLIC KEY');
  expect([other, await keys.find('key-1')]).toEqual([null, null]);
  expect(proxy.downloads).toBe(2);
});

test.each([
  ['an error', { status: 500, cacheControl: null }],
  ['what is no JSON', { status: 200, cacheControl: null, body: '<html>' }],
  ['what are no keys', { status: 200, cacheControl: null, body: '{"a":"b"}' }],
  ['too much', { status: 200, cacheControl: null, body: `{"a":"${'x'.repeat(100_000)}"}` }],
])(
  '%s in place of the keys is an outage, which is not asked about at every request',
  async (_what, answer) => {
    Object.assign(proxy.answer, answer);
    for (let index = 0; index < 20; index++) await expect(keys.find('key-1')).rejects.toThrow(OutageError);
    expect(proxy.downloads).toBe(1);
    Object.assign(proxy.answer, { status: 200, body: undefined });
    now += 10_000;
    expect(await keys.find('key-1')).toContain('PUBLIC KEY');
  },
);

test('old keys serve on while new ones cannot be had, until their time is over', async () => {
  await keys.find('key-1');
  proxy.answer.status = 503;
  now += 60_000;
  expect(await keys.find('made-up')).toBeNull();
  expect(await keys.find('key-1')).toContain('PUBLIC KEY');
  now += 3_600_000;
  await expect(keys.find('key-1')).rejects.toThrow(OutageError);
});

test.each([
  [null, 600],
  ['no-store', 600],
  ['public, max-age=0', 10],
  ['max-age=999999999', 86_400],
  ['s-maxage=5, max-age=120, must-revalidate', 120],
])('with Cache-Control %j they are kept for %i s', async (cacheControl, seconds) => {
  proxy.answer.cacheControl = cacheControl;
  await keys.find('key-1');
  now += seconds * 1_000 - 1;
  await keys.find('key-1');
  expect(proxy.downloads).toBe(1);
  now += 1;
  await keys.find('key-1');
  expect(proxy.downloads).toBe(2);
});
