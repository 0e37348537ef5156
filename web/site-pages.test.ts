import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMemoryPorts } from '@spillway/pipeline/memory/ports.ts';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { AdminAccess } from './api/admin-access.ts';
import { adminToken } from './api/test-client.ts';
import { startSite } from './server.ts';
import type { SitePages } from './site-pages.ts';
import { loadStaticSite } from './static-site.ts';
import { testConfig } from './test-site.ts';

let directory: string;
const pagesBuilt = [
  'index.html',
  'dashboard/index.html',
  'dashboard/jobs/index.html',
  'dashboard/job/index.html',
  'dashboard/workers/index.html',
  '404.html',
];
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'spillway-pages-'));
  for (const folder of ['dashboard/jobs', 'dashboard/job', 'dashboard/workers', '_astro', 'samples']) {
    await mkdir(join(directory, folder), { recursive: true });
  }
  for (const name of pagesBuilt)
    await writeFile(join(directory, name), `<!doctype html><html data-pages="all">${name}`);
  await writeFile(join(directory, '_astro/a.js'), 'export {}');
  await writeFile(join(directory, 'samples/cat.jpg'), 'cat');
});
afterAll(() => rm(directory, { recursive: true }));

/** Starts the service, and returns what asks it, as an admin where `admin` is true. */
async function start(pages: SitePages) {
  const site = await loadStaticSite(directory, 'http://127.0.0.1:9199', pages);
  const adminAccess: AdminAccess =
    pages === 'visitors' ? { kind: 'closed' } : { kind: 'token', token: adminToken };
  const config = { ...testConfig, SPILLWAY_SITE_PAGES: pages, adminAccess };
  const running = await startSite({ ports: createMemoryPorts(), site, version: 'test', config });
  onTestFinished(() => running.close());
  const statusOf = async (route: string, admin: boolean) => {
    const [method = 'GET', path = '/'] = route.split(' ');
    const headers: Record<string, string> = admin ? { authorization: `Bearer ${adminToken}` } : {};
    const response = await fetch(running.url + path, { method, headers, redirect: 'manual' });
    await response.body?.cancel();
    return response.status;
  };
  return { url: running.url, statusOf };
}

/** Statuses by route: to a stranger, and to an admin. */
const expected: Record<SitePages, Record<string, [stranger: number, admin: number]>> = {
  all: {
    'GET /': [200, 200],
    'GET /dashboard/': [200, 200],
    'GET /dashboard/jobs/': [200, 200],
    'GET /dashboard/jobs/0123abc/': [200, 200],
    'GET /dashboard/workers/': [200, 200],
    'GET /samples/cat.jpg': [200, 200],
    'GET /api/v1/jobs': [200, 200],
    'GET /api/v1/admin/overview': [401, 200],
    'GET /admin/enter': [302, 302],
  },
  visitors: {
    'GET /': [200, 200],
    'GET /_astro/a.js': [200, 200],
    'GET /samples/cat.jpg': [200, 200],
    'GET /dashboard/': [404, 404],
    'GET /dashboard': [404, 404],
    'GET /dashboard/index.html': [404, 404],
    'GET /dashboard/jobs/': [404, 404],
    'GET /dashboard/workers/': [404, 404],
    'GET /dashboard/jobs/0123abc/': [404, 404],
    'GET /dashboard/jobs/0123abc': [404, 404],
    'GET /api/v1/admin/jobs/abc/trace': [404, 404],
    'GET /admin/enter': [404, 404],
    'POST /admin/enter': [404, 404],
    'GET /api/v1/admin/overview': [404, 404],
    'GET /api/v1/admin/jobs': [404, 404],
    'PUT /api/v1/admin/settings': [404, 404],
    'GET /api/v1/jobs': [200, 200],
    'GET /api/v1/operations': [200, 200],
    'GET /api/health': [200, 200],
    'GET /health': [200, 200],
  },
  admin: {
    'GET /': [302, 302],
    'GET /index.html': [404, 404],
    'GET /samples/cat.jpg': [404, 404],
    'GET /dashboard/': [200, 200],
    'GET /dashboard/jobs/': [200, 200],
    'GET /dashboard/workers/': [200, 200],
    'GET /dashboard/jobs/0123abc/': [200, 200],
    'GET /dashboard/jobs/0123abc': [308, 308],
    'GET /dashboard/jobs/0123abc/more/': [404, 404],
    'GET /dashboard/jobs/no-id/': [404, 404],
    'GET /api/v1/admin/jobs/abc/trace': [401, 404],
    'GET /_astro/a.js': [200, 200],
    'GET /admin/enter': [302, 302],
    'GET /api/v1/admin/overview': [401, 200],
    'POST /api/v1/uploads': [401, 404],
    'GET /api/v1/events': [401, 404],
    'GET /api/v1/jobs': [401, 200],
    'GET /api/v1/jobs/abc/result': [401, 404],
    'DELETE /api/v1/jobs/abc': [401, 404],
    'GET /api/v1/operations': [401, 200],
    'GET /api/health': [200, 200],
    'GET /health': [200, 200],
  },
};

describe.each(Object.entries(expected) as [SitePages, (typeof expected)[SitePages]][])(
  'a service with the pages %s',
  (pages, statuses) => {
    test('serves these and nothing else', async () => {
      const { statusOf } = await start(pages);
      const found: typeof statuses = {};
      for (const route of Object.keys(statuses)) {
        found[route] = [await statusOf(route, false), await statusOf(route, true)];
      }
      expect(found).toEqual(statuses);
    });

    test('describes in its OpenAPI document what it has', async () => {
      const { url } = await start(pages);
      const document = await (await fetch(`${url}/api/v1/openapi.json`)).json();
      const paths = Object.keys(document.paths);
      expect(paths.some((path) => path.startsWith('/api/v1/admin/'))).toBe(pages !== 'visitors');
      expect(paths.includes('/api/v1/uploads')).toBe(pages !== 'admin');
    });

    test('serves the page of one job at its address, and the list of jobs at theirs', async () => {
      const { url } = await start(pages);
      const textOf = async (path: string) => (await fetch(url + path)).text();
      const isServed = pages !== 'visitors';
      expect((await textOf('/dashboard/jobs/0123abc/')).includes('dashboard/job/index.html')).toBe(isServed);
      expect((await textOf('/dashboard/jobs/')).includes('dashboard/jobs/index.html')).toBe(isServed);
    });

    test('names them in its pages, so that no link leads to what it has not', async () => {
      const { url } = await start(pages);
      const html = await (await fetch(`${url}/nothing`)).text();
      expect(html).toContain(`<html data-pages="${pages}">404.html`);
    });
  },
);
