import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { operationListSchema } from '@spillway/web/api/schema.ts';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { adminPageOf } from './admin-token.ts';
import { seriousViolations } from './browser.ts';
import { drawnJpeg } from './pictures.ts';
import { isAlive, openBrowser } from './visit.ts';

const stack = inject('stack');
const visit = openBrowser();

const jpeg = async (name: string, seed: number) => ({
  name,
  mimeType: 'image/jpeg',
  buffer: await drawnJpeg(seed, 800, 600),
});
const choose = (page: Page) => page.locator('input[type=file]').first();
const done = (page: Page) => page.getByText(/^Done in/);

/** Lets `afterListing` end before the page hears what a dropped folder holds. */
const waitAfterListing = `{
  const { webkitGetAsEntry } = DataTransferItem.prototype;
  DataTransferItem.prototype.webkitGetAsEntry = function () {
    const entry = webkitGetAsEntry.call(this);
    const reader = Object.getPrototypeOf(entry.createReader());
    const { readEntries } = reader;
    reader.readEntries = function (resolve, reject) {
      readEntries.call(this, (entries) => afterListing().then(() => resolve(entries)), reject);
    };
    return entry;
  };
}`;

describe('the upload page in a real browser', () => {
  it('takes pictures and shows their sketches without a reload, to compare and to download', async () => {
    const [page] = await visit(stack.web);
    await choose(page).setInputFiles([await jpeg('first.jpg', 1), await jpeg('second.jpg', 2)]);
    await expect.poll(() => done(page).count()).toBe(2);
    const downloading = page.waitForEvent('download');
    await page
      .getByRole('link', { name: /^Download the pencil sketch of/ })
      .first()
      .click();
    const download = await downloading;
    expect(download.suggestedFilename()).toMatch(/^(first|second).*\.png$/);
    const chunks = await download.createReadStream();
    const bytes: Buffer[] = [];
    for await (const chunk of chunks) bytes.push(chunk);
    expect(await sharp(Buffer.concat(bytes)).metadata()).toMatchObject({
      format: 'png',
      width: 800,
      height: 600,
    });

    await page
      .getByRole('button', { name: /^Open pencil sketch of/ })
      .first()
      .click();
    const slider = page.getByRole('slider', { name: /^Compare/ });
    await slider.focus();
    const before = await slider.inputValue();
    await page.keyboard.press('ArrowRight');
    expect(Number(await slider.inputValue())).toBeGreaterThan(Number(before));

    await page.reload();
    await isAlive(page);
    await expect.poll(() => done(page).count()).toBe(2);
  });

  it('greys what no worker can do, says why, and offers it once one can', async () => {
    const [page] = await visit('about:blank');
    let cannot = true;
    await page.route('**/api/v1/operations', async (route) => {
      const response = await route.fetch();
      const answer = operationListSchema.parse(await response.json());
      const caption = { available: !cannot, models: ['auto', 'built-in'] };
      await route.fulfill({ response, json: { ...answer, offers: { ...answer.offers, caption } } });
    });
    await page.goto(stack.web);
    const words = page.getByText('Not available at the moment.');
    await words.waitFor();
    const caption = page.getByRole('checkbox', { name: 'Caption' });
    expect([await caption.isDisabled(), await words.count()]).toEqual([true, 1]);
    expect(await seriousViolations(page)).toEqual([]);

    cannot = false;
    await page.reload();
    await isAlive(page);
    await caption.check();
    await page.getByRole('button', { name: /^Options of Caption/ }).click();
    const card = page.getByRole('dialog', { name: 'Caption' });
    await card.getByText('More options', { exact: true }).click();
    const models = card.getByRole('combobox', { name: 'Model' }).locator('option');
    const greyed = await models.evaluateAll((all) =>
      all.filter((one) => (one as HTMLOptionElement).disabled).map((one) => (one as HTMLOptionElement).value),
    );
    expect(greyed).toEqual(['blip-image-captioning-base', 'blip-image-captioning-base-int8']);
    await card.getByText('Greyed choices are not available at the moment.').waitFor();
  });

  it('takes a picture that was chosen before its code had loaded', async () => {
    const [page] = await visit(stack.web);
    const released = Promise.withResolvers<void>();
    await page.route('**/*.js', async (route) => {
      await released.promise;
      await route.continue();
    });
    await page.reload({ waitUntil: 'commit' });
    await choose(page).setInputFiles([await jpeg('early.jpg', 5)]);
    expect(await page.locator('astro-island[ssr]').count()).toBeGreaterThan(0);
    released.resolve();
    await expect.poll(() => done(page).count()).toBe(1);
  });

  it('makes a sketch of a sample at the press of a button', async () => {
    const [page] = await visit(stack.web);
    await page.getByRole('button', { name: /Lighthouse/ }).click();
    await expect.poll(() => done(page).count()).toBe(1);
  });

  it('goes on with an upload after the connection was lost', async () => {
    const [page, context] = await visit(stack.web);
    // Noise does not compress: some megabytes, at a speed that leaves time to pull the plug.
    const noise = await sharp(randomBytes(1_200 * 900 * 3), {
      raw: { width: 1_200, height: 900, channels: 3 },
    })
      .jpeg({ quality: 100 })
      .toBuffer();
    const devtools = await context.newCDPSession(page);
    const conditions = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 700_000 };
    await devtools.send('Network.emulateNetworkConditions', conditions);
    await choose(page).setInputFiles([{ name: 'noise.jpg', mimeType: 'image/jpeg', buffer: noise }]);
    const progress = page.getByRole('progressbar').first();
    await expect.poll(() => percentOf(progress)).toBeGreaterThan(5);
    await devtools.send('Network.emulateNetworkConditions', { ...conditions, offline: true });
    await expect.poll(() => page.getByText(/^Connection lost at/).count()).toBeGreaterThan(0);
    expect(await done(page).count()).toBe(0);
    await devtools.send('Network.emulateNetworkConditions', { ...conditions, uploadThroughput: -1 });
    await expect.poll(() => done(page).count()).toBe(1);
  });

  it('sends the rest of a dropped folder, one of whose files has gone, and names that one', async () => {
    const folder = join(await mkdtemp(join(tmpdir(), 'spillway-drop-')), 'holiday');
    onTestFinished(() => rm(dirname(folder), { recursive: true }));
    await mkdir(folder);
    for (const name of ['a.jpg', 'b.jpg', 'gone.jpg']) {
      await writeFile(join(folder, name), await drawnJpeg(name.charCodeAt(0), 400, 300));
    }
    await writeFile(join(folder, '.DS_Store'), 'x');
    const [page, context] = await visit(stack.web);
    // The file goes after the browser has listed the folder, and before the page asks for it.
    await page.exposeFunction('afterListing', () => rm(join(folder, 'gone.jpg'), { force: true }));
    await page.evaluate(waitAfterListing);
    const devtools = await context.newCDPSession(page);
    const data = { items: [], files: [folder], dragOperationsMask: 1 };
    const drag = (type: 'dragEnter' | 'dragOver' | 'drop') =>
      devtools.send('Input.dispatchDragEvent', { type, x: 300, y: 400, data });
    // The page listens a moment after it has come to life; a person lets go once it says so.
    await drag('dragEnter');
    await expect
      .poll(async () => {
        await drag('dragOver');
        return page.getByText('Let go to add them').count();
      })
      .toBe(1);
    // What is under the pointer is another element now, and the browser takes a drop back that comes before it knows.
    await page.evaluate(`addEventListener('drop', () => (window.letGo = true))`);
    await expect
      .poll(async () => {
        await drag('dragOver');
        await drag('drop');
        return page.evaluate('window.letGo');
      })
      .toBe(true);

    const note = page.getByRole('region', { name: 'Left out of the last drop' });
    await expect.poll(() => note.textContent()).toContain('holiday/gone.jpg could not be read.');
    await expect
      .poll(() => page.getByRole('status').allTextContents())
      .toContainEqual(expect.stringContaining('Not sent: holiday/gone.jpg could not be read.'));
    await note.getByText('1 hidden or empty thing left out').click();
    await expect.poll(() => note.textContent()).toContain('holiday/.DS_Store');
    await expect.poll(() => done(page).count()).toBe(2);
    expect(await seriousViolations(page)).toEqual([]);
    await note.getByRole('button', { name: /^Dismiss/ }).click();
    await expect.poll(() => note.count()).toBe(0);
  });

  it('sends no file that is no picture, and says what it is', async () => {
    const [page] = await visit(stack.web);
    const files = [
      {
        name: 'letter.jpg',
        mimeType: 'image/jpeg',
        buffer: Buffer.from('%PDF-1.7\n1 0 obj\n<<>>\nendobj\n'),
      },
      { name: 'whole.jpg', mimeType: 'image/jpeg', buffer: await drawnJpeg(5, 400, 300) },
    ];
    await choose(page).setInputFiles(files);
    const note = page.getByRole('region', { name: 'Left out of the last drop' });
    await expect.poll(() => note.textContent()).toContain('letter.jpg is a PDF document');
    await expect.poll(() => done(page).count()).toBe(1);
    expect(await page.getByRole('article', { name: /letter/ }).count()).toBe(0);
  });
});

/** Its name and its colours are what a caption and a cut-out can be checked against. */
const redCircle = async (name: string) => {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="640" height="480"><rect width="100%" height="100%" fill="#fff"/>
    <circle cx="320" cy="240" r="150" fill="#d81e1e"/></svg>`;
  return { name, mimeType: 'image/png', buffer: await sharp(Buffer.from(svg)).png().toBuffer() };
};

const operationBox = (page: Page, label: string) => page.getByRole('checkbox', { name: label, exact: true });

describe('all operations in a real browser', () => {
  it('makes a sketch, a cut-out on a checkerboard and a caption to copy of one picture', async () => {
    const [page] = await visit(stack.web, { permissions: ['clipboard-read', 'clipboard-write'] });
    expect(await operationBox(page, 'Pencil sketch').isChecked()).toBe(true);
    for (const label of ['Remove background', 'Caption']) await operationBox(page, label).check();
    await choose(page).setInputFiles([await redCircle('circle.png')]);
    const card = page.getByRole('article', { name: 'circle.png' });
    const ended = card.getByRole('tab', { name: /, done$/ });
    await expect.poll(() => ended.count(), { timeout: 90_000 }).toBe(3);
    const tabs = await card.getByRole('tab').allTextContents();
    expect(tabs).toEqual(['Original', 'Pencil sketch', 'Cut-out', 'Caption']);

    await card.getByRole('tab', { name: 'Cut-out, done' }).click();
    const picture = card.getByRole('img', { name: 'Cut-out of circle.png' });
    const behind = await picture.evaluate((image) => getComputedStyle(image).backgroundImage);
    expect(behind).toContain('repeating-conic-gradient');
    const download = card.getByRole('link', { name: 'Download the cut-out of circle.png' });
    const address = await download.getAttribute('href');
    const pixels = await page.request.get(new URL(address ?? '', stack.web).href);
    const alpha = sharp(await pixels.body()).extractChannel('alpha');
    const { data, info } = await alpha.raw().toBuffer({ resolveWithObject: true });
    const at = (x: number, y: number) => data[y * info.width + x] ?? Number.NaN;
    expect([info.width, info.height]).toEqual([640, 480]);
    expect(at(320, 240)).toBeGreaterThan(200);
    expect(at(20, 20)).toBeLessThan(55);

    await card.getByRole('tab', { name: 'Caption, done' }).click();
    await expect.poll(() => card.getByRole('blockquote').count()).toBe(1);
    const words = (await card.getByRole('blockquote').textContent()) ?? '';
    expect(words).toMatch(/red/);
    await card.getByRole('button', { name: 'Copy the caption of circle.png' }).click();
    await expect.poll(() => card.getByRole('status').first().textContent()).toBe('Copied.');
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(words);
    const downloading = page.waitForEvent('download');
    await card.getByRole('button', { name: 'Download text the caption of circle.png' }).click();
    const text = await downloading;
    expect(text.suggestedFilename()).toBe('circle-caption.txt');
    expect(await readFile(await text.path(), 'utf8')).toBe(`${words}\n`);

    const models = page.getByRole('button', { name: 'built-in models' });
    expect(await models.count()).toBe(1);
    await models.click();
    await page.getByText(/They do simple pictures well/).waitFor();
    await page.keyboard.press('Escape');
    expect(await page.getByText(/npx|spillway models/).count()).toBe(0);
    await card.getByRole('button', { name: 'Open caption of circle.png' }).click();
    const dialog = page.getByRole('dialog', { name: 'circle.png' });
    await expect.poll(() => dialog.getByRole('blockquote').textContent()).toBe(words);
    expect(await dialog.getByRole('row').count()).toBeGreaterThan(2);
    expect(await seriousViolations(page)).toEqual([]);
  });

  it('refuses options that are not valid at their field, before anything is sent', async () => {
    const [page] = await visit(stack.web);
    await operationBox(page, 'Pencil sketch').uncheck();
    await operationBox(page, 'Caption').check();
    const opener = page.getByRole('button', { name: /^Options of Caption/ });
    const dialog = page.getByRole('dialog', { name: 'Caption' });
    await opener.click();
    await dialog.getByText('More options', { exact: true }).click();
    const penalty = dialog.getByRole('spinbutton', { name: 'Repetition penalty' });
    await penalty.fill('9');
    await dialog.getByRole('slider', { name: 'Min length' }).fill('40');
    expect(await dialog.getByText('Must be at most 5.', { exact: true }).count()).toBe(1);
    expect(await penalty.getAttribute('aria-invalid')).toBe('true');
    expect(await seriousViolations(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Done' }).click();
    const uploads: string[] = [];
    page.on('request', (request) => {
      if (request.method() !== 'GET') uploads.push(request.url());
    });
    await choose(page).setInputFiles([await redCircle('refused.png')]);
    const refusal = page.getByRole('alert').filter({ hasText: 'Nothing was sent.' });
    await expect.poll(() => refusal.textContent()).toMatch(/Caption: .* must/);
    await opener.click();
    await dialog.getByText('More options', { exact: true }).click();
    await penalty.fill('1.5');
    expect(await dialog.getByText('Must not exceed max length.', { exact: true }).count()).toBe(1);
    await dialog.getByRole('slider', { name: 'Max length' }).fill('50');
    await dialog.getByRole('button', { name: 'Done' }).click();
    await expect.poll(() => refusal.count()).toBe(0);
    expect(uploads).toEqual([]);
    expect(await page.getByRole('article').count()).toBe(0);
  });
});

async function percentOf(progress: ReturnType<Page['getByRole']>): Promise<number> {
  if ((await progress.count()) === 0) return 0;
  const value =
    (await progress.getAttribute('aria-valuenow')) ?? (await progress.getAttribute('value')) ?? '0';
  const most = Number((await progress.getAttribute('max')) ?? 100);
  return (Number(value) / most) * 100;
}

describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
  it.each([
    ['upload page', stack.web],
    ['workers page', adminPageOf(stack, 'workers/')],
    ['routing page', adminPageOf(stack, 'routing/')],
  ])('the %s has no serious accessibility violation, and fits 360 pixels', async (name, url) => {
    const [page] = await visit(url, { colorScheme });
    if (name === 'workers page') {
      await expect.poll(() => page.locator('canvas').count()).toBeGreaterThanOrEqual(4);
    } else if (name === 'routing page') {
      await page.getByRole('button', { name: 'Change settings' }).click();
      await page.getByText('Cloud Run’s prices and instances').click();
      await page.getByRole('button', { name: 'Add an owner' }).click();
    } else {
      await choose(page).setInputFiles([await jpeg('accessible.jpg', 4)]);
      await expect.poll(() => done(page).count()).toBe(1);
    }
    expect(await seriousViolations(page)).toEqual([]);
    await page.setViewportSize({ width: 360, height: 740 });
    await expect.poll(() => page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    expect(await seriousViolations(page)).toEqual([]);
  });
});
