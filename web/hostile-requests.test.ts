import { findUnanswered } from '@spillway/pipeline/testing/find-unanswered.ts';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { createTestApi } from './api/test-client.ts';
import { startTestSite } from './test-site.ts';

const documentSchema = z.object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });

/** Every address of the site; a stream of events has no end that could be waited for, so it is only refused here. */
async function allRoutes() {
  const { api } = createTestApi();
  const { paths } = documentSchema.parse(await (await api.request('/api/v1/openapi.json')).json());
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({
      method: path.endsWith('/events') ? 'PUT' : method.toUpperCase(),
      path: path.replace('{id}', 'abc'),
    })),
  );
  const others = ['/', '/index.html', '/nothing', '/admin/enter', '/api/v1/openapi.json'];
  return [
    ...described,
    ...others.flatMap((path) => ['GET', 'POST', 'HEAD'].map((method) => ({ method, path }))),
  ];
}

test('whatever is sent to any address, the site goes on and answers no 500', async () => {
  const { site, problems } = await startTestSite();
  const routes = await allRoutes();
  expect(routes.length).toBeGreaterThan(30);
  const faults = await findUnanswered({
    port: Number(new URL(site.url).port),
    routes,
    probe: { method: 'GET', path: '/api/health' },
    tooLarge: 2 * 1_024 * 1_024,
  });
  expect(faults).toEqual([]);
  expect(problems).toEqual([]);
  expect([site.streams, site.watches]).toEqual([0, 0]);
  await site.close();
}, 120_000);

test('a body that is too large is refused with a problem that can be read, on a connection that then closes', async () => {
  const { site } = await startTestSite();
  const answer = await fetch(`${site.url}/api/v1/uploads`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
    body: Buffer.alloc(20 * 1_024 * 1_024, 32),
  });
  expect([answer.status, answer.headers.get('connection')]).toEqual([413, 'close']);
  expect(await answer.json()).toMatchObject({ code: 'body_too_large' });
  await site.close();
});
