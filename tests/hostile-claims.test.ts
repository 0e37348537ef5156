import { randomBytes } from 'node:crypto';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { documents, drop, jobsUnder, vms } from './drop.ts';
import { drawnJpeg } from './pictures.ts';
import { waitForEnd } from './stack-client.ts';

const hostile = 26;

/** A small JPEG whose header says that it has 100 megapixels. */
async function jpegThatClaims(side: number): Promise<Buffer> {
  const jpeg = await sharp({ create: { width: 300, height: 300, channels: 3, background: '#c08040' } })
    .jpeg()
    .toBuffer();
  // The frame header: FF C0, its length, the depth, then height and width.
  const frame = jpeg.indexOf(Buffer.from([0xff, 0xc0]));
  jpeg.writeUInt16BE(side, frame + 5);
  jpeg.writeUInt16BE(side, frame + 7);
  return jpeg;
}

it('pictures that claim far more than they hold pause nobody, nor do pictures that cannot be', async () => {
  const folder = `claims-${randomBytes(4).toString('hex')}`;
  const claims = await jpegThatClaims(10_000);
  const names = Array.from({ length: hostile }, (_, index) => `sketch/${folder}/${index}.jpg`);
  await Promise.all(names.map((name) => drop(name, claims, { pixels: '1', batch: name })));
  // Valid pictures whose sender claims a hundredth of their pixels.
  const honest = await drawnJpeg(3, 1_600, 1_200);
  await Promise.all(
    [1, 2, 3].map((index) => drop(`sketch/${folder}/honest-${index}.jpg`, honest, { pixels: '1' })),
  );
  const jobs = await waitForEnd(() => jobsUnder(`sketch/${folder}/`), hostile + 3, 120_000);
  const honestJobs = jobs.filter(({ source }) => source.name.includes('honest'));
  expect(honestJobs.map(({ state, result }) => [state, result?.decodedPixels])).toEqual(
    new Array(3).fill(['succeeded', 1_600 * 1_200]),
  );
  for (const { state, error } of jobs)
    expect([state, error?.retryable ?? false]).not.toEqual(['failed', true]);
  expect((await vms()).map(({ state }) => state)).toEqual(['ready', 'ready']);
  const controls = await documents.list('controls');
  expect(controls.flatMap(({ pause }) => pause ?? [])).toEqual([]);
}, 150_000);
