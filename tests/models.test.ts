import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { captionResultSchema } from '@spillway/core/operations/caption.ts';
import { receiptSchema } from '@spillway/core/receipt.ts';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { drop, endedJobs, readResult, readResultJson, vms } from './drop.ts';

const width = 640;
const height = 480;
const radius = 130;

function redCircle(): Promise<Buffer> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
    <rect width="100%" height="100%" fill="white"/>
    <circle cx="${width / 2}" cy="${height / 2}" r="${radius}" fill="red"/></svg>`;
  return sharp(Buffer.from(svg)).png().toBuffer();
}

/** Intersection over union of what a cut-out keeps and the drawn circle. */
async function overlapWithCircle(cutOut: Buffer): Promise<number> {
  const alpha = await sharp(cutOut).extractChannel(3).raw().toBuffer();
  let both = 0;
  let either = 0;
  for (let at = 0; at < width * height; at++) {
    const kept = (alpha[at] ?? 0) >= 128;
    const inside = Math.hypot((at % width) - width / 2, Math.floor(at / width) - height / 2) <= radius;
    if (kept && inside) both++;
    if (kept || inside) either++;
  }
  return both / either;
}

it('a red circle on white is sketched, cut out and captioned, on a machine without models', async () => {
  await drop('inbox/circle.png', await redCircle(), { operation: 'sketch,remove-background,caption' });
  const jobs = await endedJobs('inbox/circle.png', 3);
  expect(jobs.map(({ state }) => state)).toEqual(['succeeded', 'succeeded', 'succeeded']);
  const resultOf = (operation: string) => jobs.find((job) => job.operation === operation)?.result;

  const cutOut = resultOf('remove-background');
  expect(cutOut).toMatchObject({ contentType: 'image/png', width, height, model: { builtIn: true } });
  expect(await overlapWithCircle(await readResult(cutOut?.name ?? ''))).toBeGreaterThanOrEqual(0.95);

  const said = resultOf('caption');
  const caption = captionResultSchema.parse(await readResultJson(said?.name ?? ''));
  expect(caption.caption).toBe('a red circle on a white background');
  const receipt = receiptSchema.parse(await readResultJson(said?.receipt ?? ''));
  expect(receipt.model).toEqual(caption.model);
  expect(receipt.model).toMatchObject({
    builtIn: true,
    install: 'npx spillway models fetch blip-image-captioning-base',
  });
});

it('a picture of a telephone, as HEIC, is captioned', async () => {
  const heic = fileURLToPath(new URL('../processing/testing/heic/phone.heic', import.meta.url));
  await drop('caption/phone.heic', await readFile(heic));
  const [job] = await endedJobs('caption/phone.heic');
  expect(job).toMatchObject({ state: 'succeeded', result: { contentType: 'application/json' } });
});

it('a job that names a model that cannot be had fails once, with the command that installs it', async () => {
  const options = '{"model":"u2net"}';
  await drop('remove-background/circle.png', await redCircle(), { options });
  const [job] = await endedJobs('remove-background/circle.png');
  expect(job).toMatchObject({
    state: 'failed',
    attempt: 1,
    error: {
      code: 'model_missing',
      retryable: false,
      message: expect.stringContaining('npx spillway models fetch u2net'),
    },
  });
});

it('an option out of range is refused before any work', async () => {
  await drop('caption/circle.png', await redCircle(), { options: '{"beams":99}' });
  const [job] = await endedJobs('caption/circle.png');
  expect(job).toMatchObject({ state: 'failed', attempt: 0, error: { code: 'invalid_options' } });
});

it('workers list the models that they have loaded', async () => {
  const workers = await vms();
  expect(workers.length).toBeGreaterThan(0);
  for (const { models } of workers) expect(models).toEqual(['built-in-salient', 'built-in-captioner']);
});
