import { setTimeout as sleep } from 'node:timers/promises';
import type { Fields } from '@spillway/emulators/testing/stack-documents.ts';
import { type SettingsView, settingsSchema } from '@spillway/web/api/admin-schema.ts';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, inject, it } from 'vitest';
import { adminPageOf, adminTokenOf } from './admin-token.ts';
import { seriousViolations } from './browser.ts';
import { documents } from './drop.ts';
import { drawnJpeg } from './pictures.ts';
import { openBrowser } from './visit.ts';
import { KeyHolder, Visitor } from './visitor.ts';

const stack = inject('stack');
const visit = openBrowser();
const token = adminTokenOf(stack.adminUrl);
const inForceMs = 5_000;

/** Reads the settings, or replaces them, as a program with the admin token does. */
async function settings(routing?: object): Promise<SettingsView> {
  const response = await fetch(`${stack.web}/api/v1/admin/settings`, {
    method: routing ? 'PUT' : 'GET',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(routing ? { body: JSON.stringify({ routing }) } : {}),
  });
  expect(response.status).toBe(200);
  return settingsSchema.parse(await response.json());
}

const routingDocument = 'settings/routing';
let asItComes: Fields = {};
beforeAll(async () => {
  asItComes = (await documents.read(routingDocument)) ?? {};
});
afterEach(() => documents.write(routingDocument, asItComes));
// Other files' tests begin with the settings as they come.
afterAll(() => sleep(inForceMs));

/** Opens a page for admins by its part of the address, and waits until it lets the admin in. */
async function visitAdmin(part: string): Promise<Page> {
  const [page] = await visit(adminPageOf(stack, part));
  await page.locator('[data-access="granted"]').waitFor();
  return page;
}

const note = (page: Page) => page.locator('.routing-note');

it('shows workers, and their load', async () => {
  const page = await visitAdmin('workers/');
  await expect.poll(() => page.getByText('vm-1').count()).toBeGreaterThan(0);
  await expect.poll(() => page.locator('canvas').count()).toBeGreaterThanOrEqual(4);
});

it('finds a job by its file name, says why it went where it did, and leads to its page', async () => {
  const page = await visitAdmin('jobs/?name=seen-by-admin');
  await new Visitor(stack.web).upload('seen-by-admin.jpg', await drawnJpeg(3));
  const row = page.getByRole('row', { name: /seen-by-admin\.jpg/ });
  await page.getByRole('button', { name: '1 new job' }).click();
  await row.waitFor();
  const shown = async () => {
    await page.reload();
    await row.waitFor();
    return row.textContent();
  };
  await expect.poll(shown).toMatch(/Done[\s\S]*VM .*, Cloud Run .* left/);
  await row.getByRole('link').click();
  await page.waitForURL(/\/dashboard\/jobs\/\w+\/$/);
  await page.getByRole('heading', { name: 'seen-by-admin.jpg', level: 1 }).waitFor();
});

it('draws a job at an address of its own as a waterfall that keys and screen readers can use', async () => {
  await new Visitor(stack.web).upload('drawn-over-time.jpg', await drawnJpeg(4));
  const page = await visitAdmin('jobs/?name=drawn-over-time&state=succeeded');
  const found = async () => {
    await page.reload();
    await page.getByText(/\d jobs? match/).waitFor();
    return page.getByRole('link', { name: 'drawn-over-time.jpg' }).count();
  };
  await expect.poll(found).toBe(1);
  await page.getByRole('link', { name: 'drawn-over-time.jpg' }).click();
  await page.waitForURL(/\/dashboard\/jobs\/\w+\/$/);
  await page.getByRole('heading', { name: 'drawn-over-time.jpg', level: 1 }).waitFor();
  await page.getByText(/It ended .* after the upload/).waitFor();
  const work = page.getByRole('rowheader', { name: /deliver/ }).first();
  // Programs hand their spans over after a while; until then the document has to do.
  const recorded = async () => {
    await page.reload();
    return await work.textContent();
  };
  await expect.poll(recorded, { interval: 1_000 }).toMatch(/attempt 1.*(vm|cloudrun)-worker/);
  const steps = await page.getByRole('rowheader').allTextContents();
  for (const step of ['upload', 'event', 'route', 'publish', 'claim', 'process', 'record']) {
    expect(steps.some((each) => each.startsWith(step))).toBe(true);
  }
  await work.getByRole('button').focus();
  await page.keyboard.press('Enter');
  await page.getByText(/^A worker takes up a delivery/).waitFor();
  expect(await seriousViolations(page)).toEqual([]);
  for (const width of [360, 1_920]) {
    await page.setViewportSize({ width, height: 900 });
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
  }

  const [stranger] = await visit(page.url());
  await stranger.getByLabel('Admin token').waitFor();
  expect(await stranger.getByText('drawn-over-time.jpg').count()).toBe(0);
  await page.goto(`${stack.web}/dashboard/jobs/nothing/`);
  await page.getByText('There is no such job.').waitFor();
});

it('tells a stranger how to get in, and nothing else, and lets in whoever has the token', async () => {
  const [page] = await visit(`${stack.web}/dashboard/`);
  await page.getByText('The dashboard is for admins.').waitFor();
  expect(await page.getByText('vm-1').count()).toBe(0);
  const field = page.getByLabel('Admin token');
  await field.fill('a wrong one, which is long enough');
  await page.getByRole('button', { name: 'Enter' }).click();
  await page.getByText('This is not the admin token.').waitFor();
  expect(await seriousViolations(page)).toEqual([]);
  await field.fill(token);
  await page.getByRole('button', { name: 'Enter' }).click();
  await page.locator('[data-access="granted"]').waitFor();
});

it('sends the token of the admin’s address in no request’s address, and keeps it in none', async () => {
  const [page, context] = await visit('about:blank');
  const addresses: string[] = [];
  context.on('request', (request) => void addresses.push(request.url(), request.headers().referer ?? ''));
  await page.goto(stack.adminUrl);
  await page.locator('[data-access="granted"]').waitFor();
  expect(addresses.length).toBeGreaterThan(2);
  // What is behind the # is not sent.
  expect(addresses.filter((address) => address.split('#')[0]?.includes(token))).toEqual([]);
  expect(page.url()).toBe(`${stack.web}/dashboard/`);
  // A page that shows the form already is let in, too, when the address is opened in it.
  await context.clearCookies();
  await page.reload();
  await page.getByLabel('Admin token').waitFor();
  await page.goto(`${page.url()}#token=${token}`);
  await page.locator('[data-access="granted"]').waitFor();
  expect(page.url()).toBe(`${stack.web}/dashboard/`);
});

it('makes a key with which a program works, shows it once, and ends it', async () => {
  const page = await visitAdmin('keys/');
  const make = page.getByRole('button', { name: 'Make a key' });
  await make.click();
  await page.getByText('Say what the key is for').waitFor();
  await page.getByRole('textbox', { name: 'Name' }).fill('Garden camera');
  await page.getByRole('textbox', { name: 'Owner' }).fill('garden');
  await make.click();
  const dialog = page.getByRole('dialog', { name: 'The key for Garden camera' });
  const text = (await dialog.locator('code').first().textContent()) ?? '';
  expect(text).toMatch(/^spw_\w{49}$/);
  expect(await seriousViolations(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Close' }).click();
  await expect.poll(() => page.content()).not.toContain(text);
  expect(JSON.stringify(await documents.list('apiKeys'))).not.toContain(text.slice(4, 20));

  const program = new KeyHolder(stack.web, text);
  await program.upload('by-key.jpg', await drawnJpeg(5));
  await expect.poll(async () => (await program.jobs()).map(({ state }) => state)).toEqual(['succeeded']);
  expect(await program.jobs()).toMatchObject([{ owner: 'garden' }]);
  const [job] = await program.jobs();
  expect((await program.request(`/api/v1/jobs/${job?.id}/cancel`, { method: 'POST' })).status).toBe(403);

  const row = page.getByRole('row', { name: /Garden camera/ });
  await row.getByRole('button', { name: 'Revoke' }).click();
  await row.getByRole('button', { name: 'Revoke for good' }).click();
  await row.getByText('revoked').waitFor();
  expect(await seriousViolations(page)).toEqual([]);
  await page.getByRole('link', { name: 'Audit' }).click();
  const list = page.getByRole('region', { name: 'What admins did' });
  await expect.poll(() => list.textContent()).toMatch(/revoked the API key[\s\S]*made the API key/);
  expect(await seriousViolations(page)).toEqual([]);
});

it('changes the routing, which is in force for the next jobs within five seconds', async () => {
  const page = await visitAdmin('routing/');
  await page.getByRole('button', { name: 'Change settings' }).click();
  const most = page.getByRole('textbox', { name: 'Most instances' });
  await most.fill('-1');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect.poll(() => note(page).textContent()).toContain('Nothing was saved');
  expect(await page.getByText('Must be at least 0.', { exact: true }).count()).toBe(1);
  expect(await most.getAttribute('aria-invalid')).toBe('true');
  expect((await settings()).change).toBeNull();

  await most.fill('2');
  await page.getByRole('combobox', { name: 'Policy' }).selectOption('threshold');
  await page.getByRole('textbox', { name: 'Processor limit' }).fill('100');
  await page.getByRole('textbox', { name: 'Pencil sketch' }).fill('4,5');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect.poll(() => note(page).textContent()).toContain('Saved.');
  expect(await settings()).toMatchObject({
    routing: { policy: 'threshold', objectivesMs: { sketch: 4_500 }, run: { maxInstances: 2 } },
    change: { updatedBy: 'token' },
  });

  await sleep(inForceMs);
  const visitor = new Visitor(stack.web);
  await visitor.upload('decided-by-threshold.jpg', await drawnJpeg(11));
  const decided = async () => (await visitor.jobs()).filter(({ route }) => route.reason !== 'reserved');
  await expect.poll(async () => (await decided()).length).toBe(1);
  const [job] = await decided();
  expect(job?.route).toMatchObject({ policy: 'threshold', reason: 'cpu_below_threshold' });
  expect(job && job.deadlineAt.getTime() - job.source.timeCreated.getTime()).toBe(4_500);
});

it('does not overwrite what another admin has saved, and keeps what was edited', async () => {
  const page = await visitAdmin('routing/');
  await page.getByRole('button', { name: 'Change settings' }).click();
  await page.getByRole('textbox', { name: 'Most instances' }).fill('1');
  await settings({ bulk: { batchOver: 7 } });
  await expect.poll(() => note(page).textContent()).toContain('not saved');
  const files = page.getByRole('textbox', { name: 'Drops of more than' });
  expect(await files.inputValue()).toBe('7');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect.poll(() => note(page).textContent()).toContain('Saved.');
  expect((await settings()).routing).toMatchObject({ bulk: { batchOver: 7 }, run: { maxInstances: 1 } });
});

it('warns of settings that are not valid, and works on with the last good ones', async () => {
  await settings({ run: { maxInstances: 2 } });
  const page = await visitAdmin('routing/');
  await documents.write(routingDocument, { policy: 'coin', run: { maxInstances: 9 } });
  const alert = page.getByRole('alert').filter({ hasText: 'does not validate' });
  await expect.poll(() => alert.count()).toBe(1);
  expect(await alert.textContent()).toContain('policy');
  const { routing, problem } = await settings();
  expect([routing.policy, routing.run.maxInstances]).toEqual(['deadline', 2]);
  expect(problem).toContain('policy');

  const visitor = new Visitor(stack.web);
  await visitor.upload('in-spite-of-it.jpg', await drawnJpeg(12));
  await expect.poll(async () => (await visitor.jobs()).map(({ state }) => state)).toEqual(['succeeded']);
  expect(await seriousViolations(page)).toEqual([]);

  await page.getByRole('button', { name: 'Change settings' }).click();
  await page.getByRole('region', { name: 'Routing' }).getByText('last good settings').waitFor();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect.poll(() => alert.count()).toBe(0);
  expect((await settings()).problem).toBeNull();
});

it('drains a worker until it says that it may be stopped, and lets it in again', async () => {
  const page = await visitAdmin('workers/');
  const worker = page.getByRole('article', { name: 'Worker vm-1' });
  await worker.getByRole('button', { name: 'Drain vm-1' }).click();
  await worker.getByText('Drained: nothing in progress, safe to stop.').waitFor();
  await worker.getByRole('button', { name: 'Undrain vm-1' }).click();
  await worker.getByText('Takes new work.').waitFor();
});
