import { receiptSchema } from '@spillway/core/receipt.ts';
import sharp from 'sharp';
import { describe, expect, inject, it } from 'vitest';
import { drop, endedJobs, jobsOf, messages, readResult, readResultJson, storage } from './drop.ts';
import { drawnJpeg } from './pictures.ts';

const stack = inject('stack');

describe('an object dropped with the plain storage client', () => {
  it('becomes a result with a receipt, and a job that tells its story', async () => {
    const generation = await drop('sketch/trips/disc.jpg', await drawnJpeg(1));
    const [job] = await endedJobs('sketch/trips/disc.jpg');
    const stem = `sketch/trips/disc.${generation}.${job?.id.slice(0, 8)}`;
    expect(job).toMatchObject({
      state: 'succeeded',
      owner: null,
      attempt: 1,
      result: { name: `${stem}.png` },
    });
    // Which side it is depends on what the machine has to do; that the decision gives its reasons does not.
    expect(job?.route).toMatchObject({ policy: 'deadline', predicted: { budgetMs: expect.any(Number) } });
    expect(job?.route.explanation).toMatch(/VM.* need|Cloud Run would need/);

    const sketch = sharp(await readResult(`${stem}.png`));
    expect(await sketch.metadata()).toMatchObject({ width: 320, height: 240, format: 'png' });
    const { channels } = await sketch.stats();
    // A sketch is mostly paper, with dark lines where the disc begins.
    expect(channels[0]?.mean).toBeGreaterThan(200);
    expect(channels[0]?.min).toBeLessThan(200);

    const receipt = receiptSchema.parse(await readResultJson(`${stem}.receipt.json`));
    expect(receipt).toMatchObject({
      jobId: job?.id,
      source: { generation },
      result: { crc32c: job?.result?.crc32c },
    });
  });

  it('gets what its metadata asks for', async () => {
    await drop('inbox/disc.jpg', await drawnJpeg(2), {
      operation: 'sketch',
      options: '{"format":"webp","blur":15}',
    });
    const [job] = await endedJobs('inbox/disc.jpg');
    expect(job).toMatchObject({ state: 'succeeded', options: { format: 'webp', blur: 15 } });
    expect((await sharp(await readResult(job?.result?.name ?? '')).metadata()).format).toBe('webp');
  });

  it('makes one job when its event is repeated', async () => {
    const name = 'sketch/repeated.jpg';
    await drop(name, await drawnJpeg(3));
    const [job] = await endedJobs(name);
    const [resource] = await storage.bucket(stack.buckets.uploads).file(name).getMetadata();
    const attributes = {
      eventType: 'OBJECT_FINALIZE',
      bucketId: stack.buckets.uploads,
      objectId: name,
      objectGeneration: String(resource.generation),
      payloadFormat: 'JSON_API_V1',
    };
    const publish = () => messages.publish('uploads', JSON.stringify(resource), attributes);
    await Promise.all([publish(), publish(), publish()]);
    // A job that is dropped after the repeated events has passed the same queue behind them.
    await drop('sketch/after-repeated.jpg', await drawnJpeg(4));
    await endedJobs('sketch/after-repeated.jpg');
    expect(await jobsOf(name)).toMatchObject([{ id: job?.id, attempt: 1, result: job?.result }]);
  });

  it('makes two results when two generations share its name', async () => {
    const name = 'sketch/IMG_0001.JPG';
    const first = await drop(name, await drawnJpeg(5));
    await endedJobs(name, 1);
    const second = await drop(name, await drawnJpeg(6));
    const jobs = await endedJobs(name, 2);
    expect(jobs.map(({ source }) => source.generation).sort()).toEqual([first, second].sort());
    expect(new Set(jobs.map(({ result }) => result?.name)).size).toBe(2);
    expect(jobs.every(({ state }) => state === 'succeeded')).toBe(true);
  });
});
