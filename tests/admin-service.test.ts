import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { environmentOf } from '@spillway/pipeline/stack-file.ts';
import { proxyHeader } from '@spillway/web/api/proxy-admins.ts';
import { proxyAudience, startTestProxy, type TestProxy } from '@spillway/web/api/test-proxy.ts';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { seriousViolations } from './browser.ts';
import { openBrowser } from './visit.ts';

const stack = inject('stack');
const visit = openBrowser();

/** The two services of the cloud beside the stack's own site: the same program with other pages. */
const services: ChildProcess[] = [];
let proxy: TestProxy;
let dashboard: string;
let publicSite: string;

beforeAll(async () => {
  proxy = await startTestProxy();
  const admins = {
    SPILLWAY_IAP_AUDIENCE: proxyAudience,
    SPILLWAY_ADMINS: 'ann@example.com',
    SPILLWAY_IAP_KEYS_URL: proxy.keysUrl,
  };
  [dashboard, publicSite] = await Promise.all([
    start({ SPILLWAY_SITE_PAGES: 'admin', ...admins }),
    start({ SPILLWAY_SITE_PAGES: 'visitors' }),
  ]);
});

afterAll(async () => {
  for (const service of services) service.kill('SIGTERM');
  await Promise.all(services.map((service) => service.exitCode ?? once(service, 'exit')));
  await proxy.close();
});

async function start(environment: Record<string, string>): Promise<string> {
  const entry = fileURLToPath(import.meta.resolve('@spillway/web/server.ts'));
  const service = spawn(process.execPath, [entry], {
    env: {
      PATH: process.env.PATH,
      METADATA_SERVER_DETECTION: 'none',
      ...environmentOf(stack),
      SPILLWAY_SESSION_SECRET: 'a secret of more than thirty-two characters',
      PORT: '0',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  services.push(service);
  for await (const line of createInterface(service.stdout)) {
    const { url }: { url?: string } = JSON.parse(line);
    if (url !== undefined) return url;
  }
  throw new Error('The site did not start.');
}

/** A browser whose requests come through the proxy, which has signed in this person. */
const signedIn = (email: string) => ({ extraHTTPHeaders: { [proxyHeader]: proxy.sign({ email }) } });

it('shows an admin the dashboard without a token, and nothing of the visitors’ site', async () => {
  const [page] = await visit(dashboard, signedIn('ann@example.com'));
  expect(page.url()).toBe(`${dashboard}/dashboard/`);
  await page.locator('[data-access="granted"]').waitFor();
  expect(await page.getByRole('link', { name: 'Upload', exact: true }).count()).toBe(0);
  expect(await page.getByRole('link', { name: 'Dashboard', exact: true }).count()).toBe(1);
  expect(await seriousViolations(page)).toEqual([]);
});

it('keeps the name of the person who has changed something', async () => {
  const [page] = await visit(`${dashboard}/dashboard/keys/`, signedIn('ann@example.com'));
  await page.getByRole('textbox', { name: 'Name' }).fill('Made by Ann');
  await page.getByRole('textbox', { name: 'Owner' }).fill('ann');
  await page.getByRole('button', { name: 'Make a key' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
  await page.getByRole('link', { name: 'Audit' }).click();
  await page
    .getByText(/ann@example\.com made the API key/)
    .first()
    .waitFor();
});

it('tells somebody who is not listed so, with no field for a token', async () => {
  const [page] = await visit(`${dashboard}/dashboard/`, signedIn('bob@example.com'));
  await page.getByText('bob@example.com is signed in, and is not one of the admins.').waitFor();
  expect(await page.getByLabel('Admin token').count()).toBe(0);
  expect(await page.getByText('vm-1').count()).toBe(0);
  expect(await seriousViolations(page)).toEqual([]);
});

it('asks to sign in again once the proxy’s session has ended', async () => {
  const [page, context] = await visit('about:blank', signedIn('ann@example.com'));
  let ended = false;
  // The proxy's own answer, which does not come from the site.
  await context.route('**/api/v1/admin/**', (route) =>
    ended ? route.fulfill({ status: 401, contentType: 'text/plain', body: 'Sign in.' }) : route.fallback(),
  );
  await context.route('**/api/v1/admin/events*', (route) => {
    ended = true;
    return route.fulfill({ status: 401, body: '' });
  });
  await page.goto(`${dashboard}/dashboard/`);
  await page.getByText('You are no longer signed in.').waitFor();
  await page.getByRole('button', { name: 'Reload' }).waitFor();
});

it('has no dashboard on the visitors’ site, and no link to one', async () => {
  const [page] = await visit(publicSite);
  await page.getByRole('heading', { name: 'Pictures in, finished work out.' }).waitFor();
  expect(await page.getByRole('link', { name: 'Dashboard', exact: true }).count()).toBe(0);
  expect(await page.getByRole('link', { name: 'Upload', exact: true }).count()).toBe(1);
  const missing = await page.goto(`${publicSite}/dashboard/`);
  expect(missing?.status()).toBe(404);
  expect((await fetch(`${publicSite}/api/v1/admin/overview`)).status).toBe(404);
});
