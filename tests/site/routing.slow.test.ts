import { sampleWorker } from '@spillway/core/testing/sample-worker.ts';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isAlive, openBrowser } from '../visit.ts';
import { drawnJobs, seedJobs } from './seed-jobs.ts';
import { type SeededSite, startSeededSite } from './seeded-site.ts';

let site: SeededSite;
beforeAll(async () => {
  site = await startSeededSite();
  await seedJobs(site, drawnJobs(120, 0.9, Date.now()));
  const { ageMs: _, ...heartbeat } = sampleWorker({ id: 'vm-1', startedAt: new Date(Date.now() - 60_000) });
  await site.ports.fleet.beat(heartbeat);
});
afterAll(() => site.close());
const visit = openBrowser();

async function openAsAdmin(path: string): Promise<Page> {
  const [page] = await visit(site.adminUrl);
  await page.locator('[data-access=granted]').waitFor();
  await page.goto(`${site.url}/dashboard/${path}`);
  await isAlive(page);
  await page.locator('[data-access=granted]').waitFor();
  return page;
}

it('an objective is raised, what it would have done is seen before it is saved, and it is taken back', async () => {
  const page = await openAsAdmin('routing/');
  await page.getByRole('button', { name: 'Change settings' }).click();
  const sketch = page.getByLabel('Pencil sketch', { exact: true });
  await sketch.fill('30');
  await page.getByRole('button', { name: 'Try it out' }).click();
  const tried = page.getByRole('region', { name: 'What would it have done?' });
  await tried.getByText(/^With these settings .* would be late, and Cloud Run would cost/).waitFor();
  await tried.getByText(/^Today’s settings in simulation: .* late \(really /).waitFor();
  await tried.getByText(/^All \d+ jobs of that time, played with the/).waitFor();
  expect(await tried.getByRole('row').count()).toBeGreaterThan(4);
  expect((await site.ports.settings.readRouting()).change).toBeNull();

  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByText('Saved. In force everywhere within 5 s.').waitFor();
  expect((await site.ports.settings.readRouting()).settings.objectivesMs.sketch).toBe(30_000);
  const changes = page.getByRole('region', { name: 'Changes' });
  await changes.getByText('objectivesMs.sketch').waitFor();
  await changes.getByRole('button', { name: /^Take back/ }).click();
  await changes.getByRole('button', { name: /^Really take back/ }).click();
  await changes.getByText('took a change back').waitFor();
  expect((await site.ports.settings.readRouting()).settings.objectivesMs).toEqual({});
});

it('a picture that is not there is explained, and calibration is told', async () => {
  const page = await openAsAdmin('routing/');
  const explain = page.getByRole('region', { name: 'Where would a picture go?' });
  await explain.getByLabel('Size of the file (MB)').fill('3');
  await explain.getByRole('button', { name: 'Explain' }).click();
  await explain.getByText(/^To (VM pool|Cloud Run)/).waitFor();
  await explain.getByText('due within 2.0 s').waitFor();
  await page.getByRole('region', { name: 'Was “in time” in time?' }).getByText('Of the newest').waitFor();
});

it('a rule for a sender is made, met by a name, saved, and seen among the owners', async () => {
  const page = await openAsAdmin('sources/');
  await page.getByRole('button', { name: 'Add a rule' }).click();
  const save = page.getByRole('button', { name: 'Save', exact: true });
  await page.getByRole('textbox', { name: 'Options (JSON)' }).fill('{"blur":"much"}');
  await page.getByRole('textbox', { name: 'Names that begin with' }).fill('camera/garden/');
  await page.getByText(/^The options of sketch are not valid/).waitFor();
  await save.click();
  await page.getByText('Nothing was saved: some fields are not valid.').waitFor();
  await page.getByRole('textbox', { name: 'Options (JSON)' }).fill('');
  await page.getByRole('textbox', { name: 'Owner' }).fill('garden');
  await page.getByRole('textbox', { name: 'Which rule would a name meet?' }).fill('camera/garden/1.jpg');
  await page.getByText(/^The rule for camera\/garden\/: Pencil sketch; of garden/).waitFor();
  await save.click();
  await page.getByText('Saved. Routers go by it within 5 s.').waitFor();
  expect(await site.ports.settings.sourceRules()).toMatchObject([
    { prefix: 'camera/garden/', owner: 'garden' },
  ]);
  await page.reload();
  await page
    .getByRole('region', { name: 'Owners' })
    .getByRole('row', { name: /garden/ })
    .waitFor();
});

it('Cloud Run is paused by hand, says why and until when, and is let work again', async () => {
  const page = await openAsAdmin('cloud-run/');
  await page.getByRole('textbox', { name: 'Pause it, because' }).fill('The bill is looked at.');
  await page.getByRole('button', { name: 'Pause', exact: true }).click();
  await page.getByText(/^An admin has paused it: The bill is looked at\. It takes work again in/).waitFor();
  await page.getByRole('button', { name: 'Let it take work now' }).click();
  await page.getByRole('heading', { name: 'Open' }).waitFor();
  expect((await site.ports.settings.readRouting()).settings.run.pause).toBeNull();
});
