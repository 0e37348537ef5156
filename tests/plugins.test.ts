import { receiptSchema } from '@spillway/core/receipt.ts';
import { operationListSchema } from '@spillway/web/api/schema.ts';
import sharp from 'sharp';
import { describe, expect, inject, it } from 'vitest';
import { drop, endedJobs, readResult, readResultJson } from './drop.ts';
import { drawnJpeg } from './pictures.ts';
import { openBrowser } from './visit.ts';
import { Visitor } from './visitor.ts';

/** The stack was started with `SPILLWAY_OPERATIONS=examples/thumbnail`. */
const stack = inject('stack');
const visit = openBrowser();

describe('a plug-in', () => {
  it('works on what the storage client drops, and leaves result and receipt', async () => {
    const generation = await drop('thumbnail/trips/disc.jpg', await drawnJpeg(1));
    const [job] = await endedJobs('thumbnail/trips/disc.jpg');
    const stem = `thumbnail/trips/disc.${generation}.${job?.id.slice(0, 8)}`;
    expect(job).toMatchObject({
      state: 'succeeded',
      options: { side: 256, fit: 'inside', format: 'jpeg' },
      result: { name: `${stem}.jpg`, contentType: 'image/jpeg' },
    });
    const thumbnail = sharp(await readResult(`${stem}.jpg`));
    expect(await thumbnail.metadata()).toMatchObject({ width: 256, height: 192, format: 'jpeg' });
    const receipt = receiptSchema.parse(await readResultJson(`${stem}.receipt.json`));
    expect(receipt).toMatchObject({ operation: 'thumbnail', result: { crc32c: job?.result?.crc32c } });
  });

  it('refuses options that its schema does not take', async () => {
    await drop('thumbnail/wrong.jpg', await drawnJpeg(2), { options: '{"side":5}' });
    const [job] = await endedJobs('thumbnail/wrong.jpg');
    expect(job).toMatchObject({ state: 'failed', error: { code: 'invalid_options' } });
  });

  it('is offered and served by the page’s API', async () => {
    const visitor = new Visitor(stack.web);
    const listed = await visitor.request('/api/v1/operations');
    const { operations } = operationListSchema.parse(await listed.json());
    expect(operations.map(({ name }) => name)).toEqual([
      'sketch',
      'remove-background',
      'caption',
      'thumbnail',
    ]);
    await visitor.upload('holiday.jpg', await drawnJpeg(3), ['thumbnail']);
    await expect.poll(async () => (await visitor.jobs()).map(({ state }) => state)).toEqual(['succeeded']);
    const [job] = await visitor.jobs();
    const result = await visitor.request(`/api/v1/jobs/${job?.id}/result?download`);
    expect(result.headers.get('content-type')).toBe('image/jpeg');
    expect(result.headers.get('content-disposition')).toContain('holiday-thumbnail.jpg');
    expect(await sharp(await result.arrayBuffer()).metadata()).toMatchObject({ width: 256, height: 192 });
  });

  it('is chosen on the page by its label, and shows its options', async () => {
    const [page] = await visit(stack.web);
    await page.getByRole('checkbox', { name: 'Pencil sketch' }).uncheck();
    await page.getByRole('checkbox', { name: 'Thumbnail' }).check();
    const buffer = await drawnJpeg(4, 800, 600);
    await page
      .locator('input[type=file]')
      .first()
      .setInputFiles([{ name: 'page.jpg', mimeType: 'image/jpeg', buffer }]);
    await expect.poll(() => page.getByText(/^Done in/).count()).toBe(1);
    expect(await page.getByRole('tabpanel', { name: 'thumbnail of page.jpg' }).count()).toBe(1);
  });
});
