import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { builtInNames, manifestOf } from '@spillway/core/operations.ts';
import { startStack } from '@spillway/emulators/stack.ts';
import { launchBrowser } from './browser.ts';
import { drawnJpeg } from './pictures.ts';
import { Visitor } from './visitor.ts';

/** `npm run screenshots`: makes the README's pictures with the real program, in a stack of its own. */
const target = fileURLToPath(new URL('../docs/images/', import.meta.url));
const samples = ['Still life', 'Cat'];
const operations = builtInNames.map((name) => manifestOf(name).words.label);

const directory = await mkdtemp(join(tmpdir(), 'spillway-shots-'));
const stack = await startStack(
  {
    engine: 'google' as const,
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
const browser = await launchBrowser();
try {
  await mkdir(target, { recursive: true });
  const context = await browser.newContext({ viewport: { width: 1_200, height: 900 } });
  const page = await context.newPage();
  await page.goto(stack.web);
  for (const operation of operations) {
    await page.getByRole('checkbox', { name: operation, exact: true }).check();
  }
  for (const [index, sample] of samples.entries()) {
    await page.getByRole('button', { name: sample }).click();
    await page
      .getByRole('tab', { name: /, done$/ })
      .nth((index + 1) * operations.length - 1)
      .waitFor({ timeout: 120_000 });
  }
  await page.getByRole('tab', { name: 'Caption, done' }).last().click();
  await page.getByRole('blockquote').waitFor();
  await page.evaluate('scrollTo(0, 0)');
  await page.screenshot({ path: join(target, 'upload.png'), fullPage: true });

  const dashboard = await browser.newContext({
    viewport: { width: 1_200, height: 900 },
    colorScheme: 'dark',
  });
  const admin = await dashboard.newPage();
  await admin.goto(stack.adminUrl);
  // Some work to see: more than the two VMs can do in time.
  const visitor = new Visitor(stack.web);
  const pictures = Array.from({ length: 60 }, (_, index) => drawnJpeg(index, 1_600, 1_200));
  for (const [index, picture] of pictures.entries())
    void visitor.upload(`holiday-${index}.jpg`, await picture);
  await admin.getByRole('row', { name: /holiday-40/ }).waitFor();
  await admin.screenshot({ path: join(target, 'dashboard.png') });
} finally {
  await browser.close();
  await stack.stop();
  await rm(directory, { recursive: true, force: true });
}
