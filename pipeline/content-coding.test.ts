import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { unpackedStream, unpackFile } from './content-coding.ts';

/** As a JPEG begins; the rest does not pack well. */
const picture = Buffer.concat([
  Buffer.from([0xff, 0xd8, 0xff, 0xe0]),
  Buffer.from(Array.from({ length: 5_000 }, (_, at) => (at * at * 7 + at) % 251)),
]);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-coding-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function unpack(stored: Buffer, contentEncoding: string | null, most?: number): Promise<Buffer> {
  const path = join(folder, 'file');
  await writeFile(path, stored);
  try {
    await unpackFile(path, contentEncoding, most);
    return await readFile(path);
  } finally {
    expect(await readdir(folder)).toEqual(['file']);
  }
}

const zipped = gzipSync(picture);

describe('a file that is stored with a Content-Encoding', () => {
  it.each<[string, Buffer]>([
    ['gzip', zipped],
    [' GZIP ', zipped],
    ['x-gzip', zipped],
    ['gzip', Buffer.concat([gzipSync(picture.subarray(0, 9)), gzipSync(picture.subarray(9))])],
    ['gzip, identity', zipped],
    ['gzip,gzip', gzipSync(zipped)],
    ['deflate, gzip', gzipSync(deflateSync(picture))],
    ['deflate', deflateSync(picture)],
    ['deflate', deflateRawSync(picture)],
    ['br', brotliCompressSync(picture)],
    ['zstd', zstdCompressSync(picture)],
    ['gzip,aws-chunked', zipped],
  ])('is what it is under %j', async (contentEncoding, stored) => {
    expect((await unpack(stored, contentEncoding)).equals(picture)).toBe(true);
  });

  it.each<[string, Buffer]>([
    ['gzip', zipped],
    ['deflate, gzip', gzipSync(deflateSync(picture))],
    ['br', brotliCompressSync(picture)],
  ])('is what it is under %j when it is streamed', async (contentEncoding, stored) => {
    const stream = unpackedStream(Readable.from([stored]), contentEncoding);
    expect(stream && (await buffer(stream)).equals(picture)).toBe(true);
  });

  it.each(['', 'identity', 'utf-8', 'constructor', 'gzip', 'br', 'deflate', 'zstd', 'gzip,br'])(
    'stays as it is when it is not packed, whatever it is called: %j',
    async (contentEncoding) => {
      expect((await unpack(picture, contentEncoding)).equals(picture)).toBe(true);
      expect(await unpack(Buffer.alloc(0), contentEncoding)).toHaveLength(0);
    },
  );

  it('is unpacked as often as it says, and no oftener', async () => {
    expect((await unpack(gzipSync(zipped), 'gzip')).equals(zipped)).toBe(true);
    expect((await unpack(zipped, null)).equals(zipped)).toBe(true);
  });

  it.each<[string, string, Buffer]>([
    ['gzip', 'breaks off', zipped.subarray(0, -20)],
    ['gzip', 'is only a beginning', zipped.subarray(0, 3)],
    [
      'gzip',
      'is damaged',
      Buffer.concat([zipped.subarray(0, 12), Buffer.alloc(50, 255), zipped.subarray(62)]),
    ],
    ['gzip', 'has another checksum', Buffer.concat([zipped.subarray(0, -8), Buffer.alloc(8, 1)])],
    ['deflate', 'breaks off', deflateSync(picture).subarray(0, -9)],
    ['zstd', 'breaks off', zstdCompressSync(picture).subarray(0, -9)],
  ])('is damaged when its %s %s', async (contentEncoding, _how, stored) => {
    await expect(unpack(stored, contentEncoding)).rejects.toMatchObject({
      name: 'PermanentError',
      code: 'corrupt_image',
      message: expect.stringContaining(contentEncoding),
    });
  });

  it.each<[string, (bytes: Buffer) => Buffer]>([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
  ])('is refused as too large where %s hides that it is', async (contentEncoding, pack) => {
    const bomb = pack(Buffer.alloc(30 << 20));
    expect(bomb.length).toBeLessThan(100_000);
    await expect(unpack(bomb, contentEncoding, 1 << 20)).rejects.toMatchObject({
      code: 'file_too_large',
      message: 'Unpacked, the file is larger than the limit of 1.0 MiB.',
    });
  });

  it('is not packed a hundred times', async () => {
    await expect(unpack(zipped, 'gzip,'.repeat(100))).rejects.toMatchObject({ code: 'unsupported_type' });
  });

  it('is not blamed for a folder that cannot be written to', async () => {
    await expect(unpackFile(join(folder, 'none'), 'gzip')).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
