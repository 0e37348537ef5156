import { brotliCompressSync, gzipSync } from 'node:zlib';
import { errorReportSchema, receiptSchema } from '@spillway/core/receipt.ts';
import sharp from 'sharp';
import { describe, expect, inject, it } from 'vitest';
import { endedJobs, readResult, readResultJson, storage } from './drop.ts';
import { drawnJpeg } from './pictures.ts';

const uploads = storage.bucket(inject('stack').buckets.uploads);

/** Puts bytes there as they are, and says how they are packed. */
async function store(name: string, bytes: Buffer, contentEncoding: string): Promise<void> {
  const metadata = { contentType: 'image/jpeg', contentEncoding };
  await uploads.file(name).save(bytes, { resumable: false, metadata });
}

describe('an object that is stored packed', () => {
  it("is worked on as what it is, when the client's own `gzip` packed it", async () => {
    const picture = await drawnJpeg(31);
    const file = uploads.file('sketch/packed.jpg');
    await file.save(picture, { gzip: true, contentType: 'image/jpeg' });
    const [stored] = await file.getMetadata();
    expect(stored.contentEncoding).toBe('gzip');
    expect(stored.size).not.toBe(picture.length);
    const [job] = await endedJobs('sketch/packed.jpg');
    expect(job).toMatchObject({ state: 'succeeded', attempt: 1, source: { size: Number(stored.size) } });
    const sketch = await sharp(await readResult(job?.result?.name ?? '')).metadata();
    expect(sketch).toMatchObject({ width: 320, height: 240 });
    const receipt = receiptSchema.parse(await readResultJson(job?.result?.receipt ?? ''));
    expect(receipt.source).toMatchObject({ generation: stored.generation, crc32c: stored.crc32c });
  });

  it.each([
    ['br', 'brotli', brotliCompressSync],
    ['gzip', 'mislabelled', (bytes: Buffer) => bytes],
  ])('is worked on as what it is under %j: %s', async (contentEncoding, how, pack) => {
    await store(`sketch/${how}.jpg`, pack(await drawnJpeg(32)), contentEncoding);
    expect(await endedJobs(`sketch/${how}.jpg`)).toMatchObject([{ state: 'succeeded', attempt: 1 }]);
  });

  it.each([
    ['breaks off', 'corrupt_image', async () => gzipSync(await drawnJpeg(33)).subarray(0, -500)],
    ['hides gigabytes', 'file_too_large', async () => gzipSync(Buffer.alloc(70 << 20))],
    ['is packed twice', 'unsupported_type', async () => gzipSync(gzipSync(await drawnJpeg(34)))],
  ])('is refused at its first attempt when it %s', async (how, code, bytes) => {
    const name = `sketch/${how.replaceAll(' ', '-')}.jpg`;
    await store(name, await bytes(), 'gzip');
    const [job] = await endedJobs(name);
    expect(job).toMatchObject({ state: 'failed', attempt: 1, error: { code, retryable: false } });
    const stem = `${name.slice(0, -4)}.${job?.source.generation}.${job?.id.slice(0, 8)}`;
    expect(errorReportSchema.parse(await readResultJson(`${stem}.error.json`)).code).toBe(code);
  });
});
