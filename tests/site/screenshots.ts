import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { builtInNames, manifestOf } from '@spillway/core/operations.ts';
import { sampleWorker } from '@spillway/core/testing/sample-worker.ts';
import { startStack } from '@spillway/emulators/stack.ts';
import { seedRollups } from '@spillway/pipeline/testing/seed-rollups.ts';
import type { Page } from 'playwright-core';
import { launchBrowser } from '../browser.ts';
import { drawnJpeg } from '../pictures.ts';
import { drawnJobs, seedJobs } from './seed-jobs.ts';
import { startSeededSite } from './seeded-site.ts';
import { type Look, takePictures } from './take-pictures.ts';

/**
 * `npm run screenshots:all -- <folder> [--only <text>]`: pictures of every page and state in three widths and both
 * themes. Visitors' pages are those of a stack with workers; admins see a site with two thousand seeded jobs.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string', default: '' } },
});
const [folder] = positionals;
if (folder === undefined) {
  console.error('Name the folder for the pictures: npm run screenshots:all -- <folder>');
  process.exit(2);
}
const wanted = (looks: Look[]) => looks.filter(({ name }) => name.includes(values.only));

/** What admins see, as addresses of the seeded site. */
const adminPages = {
  overview: '',
  'overview-24h': '?range=24h',
  'overview-30d-worker': '?range=30d&worker=vm-0',
  'overview-wrong-range': '?range=1y',
  jobs: 'jobs/',
  'jobs-failed': 'jobs/?state=failed',
  'jobs-wrong-filter': 'jobs/?state=lost',
  workers: 'workers/',
  routing: 'routing/',
  sources: 'sources/',
  'cloud-run': 'cloud-run/',
  keys: 'keys/',
  audit: 'audit/',
  design: 'design/',
};

const browser = await launchBrowser();
try {
  const visitors = wanted(await visitorLooks('', []));
  if (visitors.length > 0) await takeVisitorPictures(folder);
  await takeAdminPictures(folder);
} finally {
  await browser.close();
}

/** What people who upload see. `storage` is of somebody who has results. */
async function visitorLooks(web: string, storage: Look['storage'][]): Promise<Look[]> {
  const [withResults] = storage;
  const again = withResults === undefined ? {} : { storage: withResults };
  const firstResult = (page: Page) => page.getByRole('article').first().waitFor();
  const openFirst = async (page: Page) => {
    await firstResult(page);
    await page
      .getByRole('button', { name: /^Open / })
      .first()
      .click();
  };
  return [
    { name: 'upload-first-visit', url: web },
    { name: 'upload-results', url: web, ...again, prepare: firstResult },
    {
      name: 'upload-picture',
      url: web,
      ...again,
      async prepare(page) {
        await openFirst(page);
        await page.getByRole('dialog').waitFor();
      },
    },
    {
      name: 'upload-picture-preview',
      url: web,
      ...again,
      async prepare(page) {
        await openFirst(page);
        const dialog = page.getByRole('dialog');
        await dialog.getByRole('button', { name: 'Cut-out' }).first().click();
        await dialog.getByRole('slider', { name: 'Feather' }).fill('12');
        await dialog.getByRole('radio', { name: 'Colour' }).check();
        await dialog.getByRole('img', { name: /^Preview/ }).waitFor();
      },
    },
    {
      name: 'upload-options',
      url: web,
      async prepare(page) {
        await page
          .getByRole('button', { name: /^Options of/ })
          .first()
          .click();
        await page.getByRole('dialog').waitFor();
      },
    },
    {
      name: 'upload-refused-files',
      url: web,
      async prepare(page) {
        await page
          .locator('input[type=file]')
          .first()
          .setInputFiles([
            { name: 'letter.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.7 no picture') },
            { name: 'empty.jpg', mimeType: 'image/jpeg', buffer: Buffer.alloc(0) },
          ]);
        await page.getByText('letter.pdf').first().waitFor();
      },
    },
    { name: 'shared-wrong-link', url: `${web}/shared/` },
    { name: 'not-found', url: `${web}/nowhere` },
    { name: 'dashboard-refused', url: `${web}/dashboard/` },
  ];
}

async function takeVisitorPictures(target: string): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'spillway-shots-'));
  const stack = await startStack(
    {
      engine: 'embedded',
      vms: 2,
      slots: 1,
      runMax: 3,
      reset: true,
      directory,
      fixedPorts: {},
      anyPorts: true,
    },
    console.log,
  );
  try {
    const context = await browser.newContext({ viewport: { width: 1_440, height: 1_000 } });
    const page = await context.newPage();
    await page.goto(stack.web);
    for (const name of builtInNames) {
      await page.getByRole('checkbox', { name: manifestOf(name).words.label, exact: true }).check();
    }
    const pictures = await Promise.all(
      Array.from({ length: 8 }, (_, index) => drawnJpeg(index, 1_600, 1_200)),
    );
    const damaged = (pictures[0] as Buffer).subarray(0, 4_000);
    const files = [...pictures, damaged].map((buffer, index) => ({
      name: `holiday-${index}.jpg`,
      mimeType: 'image/jpeg',
      buffer,
    }));
    await page.locator('input[type=file]').first().setInputFiles(files);
    await page
      .getByText(/^All done|· 1 failed$/)
      .first()
      .waitFor({ timeout: 120_000 });
    const storage = await context.storageState();
    await context.close();
    await takePictures(browser, wanted(await visitorLooks(stack.web, [storage])), target);
  } finally {
    await stack.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function takeAdminPictures(target: string): Promise<void> {
  const site = await startSeededSite();
  try {
    const now = Date.now();
    const jobs = await seedJobs(site, drawnJobs(2_000, 24, now));
    // Yesterday at 14:00 UTC.
    const badHour = new Date(Math.floor(now / 86_400_000) * 86_400_000 - 36_000_000);
    await seedRollups(site.ports.metricsDocuments, {
      ...{ now: new Date(now), days: 30, workers: 4, owners: 12, jobsPerHour: 400, badHour },
    });
    for (let index = 1; index <= 12; index++) {
      const { ageMs: _, ...heartbeat } = sampleWorker({
        id: `vm-${index}`,
        busy: index % 2,
        startedAt: new Date(now - 3_600_000),
        expiresAt: new Date(now + 600_000),
      });
      await site.ports.fleet.beat(heartbeat);
    }
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(site.adminUrl);
    await page.getByRole('navigation').last().getByRole('link').first().waitFor();
    const storage = await context.storageState();
    await context.close();
    const settled = (page: Page) => page.waitForLoadState('load');
    const of = (state: string) => jobs.findLast((job) => job.state === state)?.id;
    const looks: Look[] = [
      ...Object.entries(adminPages).map(([name, path]) => ({ name: `admin-${name}`, path })),
      ...['succeeded', 'failed', 'queued', 'processing'].map((state) => ({
        name: `admin-job-${state}`,
        path: `jobs/${of(state)}/`,
      })),
    ].map(({ name, path }) => ({
      name,
      url: `${site.url}/dashboard/${path}`,
      storage,
      prepare: settled,
    }));
    await takePictures(browser, wanted(looks), target);
  } finally {
    await site.close();
  }
}
