import { expect, it } from 'vitest';
import { adminToken, createTestApi, origin } from './test-client.ts';
import { makeKey } from './test-keys.ts';

it('an admin and a key with the scope read the figures of the system, and nobody else does', async () => {
  const site = createTestApi();
  const read = (bearer?: string) =>
    site.api.request(`${origin}/metrics`, {
      headers: bearer === undefined ? {} : { authorization: `Bearer ${bearer}` },
    });
  const admin = await read(adminToken);
  expect([admin.status, admin.headers.get('content-type'), admin.headers.get('cache-control')]).toEqual([
    200,
    'text/plain; version=0.0.4; charset=utf-8',
    'no-store',
  ]);
  expect(await admin.text()).toContain('spillway_queue_jobs{target="vm",state="queued"} 0\n');
  const scraper = makeKey(site.clock.now(), { scopes: ['metrics'] });
  const camera = makeKey(site.clock.now(), { scopes: ['upload', 'read', 'change'] });
  for (const { key } of [scraper, camera]) await site.ports.apiKeys.create(key);
  expect((await read(scraper.text)).status).toBe(200);
  expect((await read(camera.text)).status).toBe(403);
  expect((await read()).status).toBe(401);
  expect((await read('wrong')).status).toBe(401);
});

it("a visitors' site has no such address", async () => {
  const site = createTestApi(undefined, { pages: 'visitors', access: { kind: 'closed' } });
  expect((await site.api.request(`${origin}/metrics`)).status).toBe(404);
});
