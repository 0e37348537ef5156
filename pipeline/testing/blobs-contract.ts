import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { CRC32C } from '@google-cloud/storage';
import { RefusedError } from '@spillway/core/errors.ts';
import { largestFile } from '@spillway/core/file-size.ts';
import type { FinalizedObject } from '@spillway/core/uploads.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Ports } from '../ports/ports.ts';

/** What all blobs must do; `upload` puts an object where an integrator would. */
export function blobsContract(
  name: string,
  ports: () => Pick<Ports, 'blobs' | 'buckets'>,
  upload: (name: string, bytes: Buffer, contentEncoding?: string) => Promise<{ generation: string }>,
): void {
  let directory = '';
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'spillway-contract-'));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  const newName = () => `_contract/${randomUUID()} ä%?#.txt`;
  const { uploads, results } = {
    uploads: () => ports().buckets.uploads,
    results: () => ports().buckets.results,
  };

  describe(`blobs: ${name}`, () => {
    it('download exactly the generation that was asked for', async () => {
      const { blobs } = ports();
      const object = newName();
      const { generation } = await upload(object, Buffer.from('123456789'));
      const path = join(directory, 'first');
      const blob = { bucket: uploads(), name: object, generation };
      expect(await blobs.download(blob, path)).toMatchObject({
        kind: 'downloaded',
        size: 9,
        // The check value of CRC-32C in RFC 3720's family: 0xE3069283.
        crc32c: '4waSgw==',
      });
      expect(await readFile(path, 'utf8')).toBe('123456789');

      const newer = await upload(object, Buffer.from('second'));
      expect(await blobs.download(blob, path)).toEqual({ kind: 'gone', replaced: true });
      await blobs.remove(uploads(), object, newer.generation);
      expect(await blobs.download(blob, path)).toEqual({ kind: 'gone', replaced: false });
    });

    it('unpack what is stored packed, and tell of it as it is stored', async () => {
      const { blobs } = ports();
      const plain = Buffer.from('123456789'.repeat(100));
      const path = join(directory, 'packed');
      const stored: [string, Buffer, Buffer][] = [
        ['gzip', gzipSync(plain), plain],
        ['GZIP', gzipSync(plain), plain],
        ['br', brotliCompressSync(plain), plain],
        // A label does not make it so, and is taken off once.
        ['gzip', plain, plain],
        ['utf-8', plain, plain],
        ['gzip', gzipSync(gzipSync(plain)), gzipSync(plain)],
      ];
      for (const [contentEncoding, bytes, unpacked] of stored) {
        const object = newName();
        const { generation } = await upload(object, bytes, contentEncoding);
        const blob = { bucket: uploads(), name: object, generation };
        expect(await blobs.download(blob, path)).toEqual({
          kind: 'downloaded',
          size: bytes.length,
          crc32c: crc32cOf(bytes),
        });
        expect((await readFile(path)).equals(unpacked)).toBe(true);
      }
      const object = newName();
      await upload(object, gzipSync(plain), 'gzip');
      const read = await blobs.read(uploads(), object);
      expect(read?.size).toBeNull();
      expect(read && (await text(read.stream))).toBe(plain.toString());
    });

    it('blame the file for what cannot be unpacked', async () => {
      const { blobs } = ports();
      const path = join(directory, 'bad');
      const failing = async (bytes: Buffer) => {
        const object = newName();
        const { generation } = await upload(object, bytes, 'gzip');
        return blobs.download({ bucket: uploads(), name: object, generation }, path);
      };
      const whole = gzipSync(Buffer.alloc(10_000, 'abcdefg'));
      await expect(failing(whole.subarray(0, -9))).rejects.toMatchObject({
        name: 'PermanentError',
        code: 'corrupt_image',
      });
      const bomb = gzipSync(Buffer.alloc(largestFile + 1));
      await expect(failing(bomb)).rejects.toMatchObject({ code: 'file_too_large' });
    });

    it('read some bytes of one generation', async () => {
      const { blobs } = ports();
      const object = newName();
      const { generation } = await upload(object, Buffer.from('0123456789'));
      const part = async (first: number, last: number) => {
        const read = await blobs.read(uploads(), object, { generation, range: { first, last } });
        return read && [read.size, await text(read.stream)];
      };
      expect(await part(2, 4)).toEqual([3, '234']);
      expect(await part(8, 31)).toEqual([2, '89']);
      const whole = await blobs.read(uploads(), object, { generation });
      expect(whole && [whole.size, await text(whole.stream)]).toEqual([10, '0123456789']);

      const packed = newName();
      await upload(packed, gzipSync('packed'), 'gzip');
      const all = await blobs.read(uploads(), packed, { range: { first: 0, last: 1 } });
      expect(all && [all.size, await text(all.stream)]).toEqual([null, 'packed']);

      await upload(object, Buffer.from('newer'));
      expect(await part(0, 1)).toBeNull();
    });

    it('remove one generation and leave a newer one alone', async () => {
      const { blobs } = ports();
      const object = newName();
      const old = await upload(object, Buffer.from('first'));
      await upload(object, Buffer.from('second'));
      await blobs.remove(uploads(), object, old.generation);
      expect(await blobs.read(uploads(), object)).not.toBeNull();
    });

    it('write once: the second writer adopts what the first wrote', async () => {
      const { blobs } = ports();
      const object = newName();
      const path = join(directory, 'result');
      await writeFile(path, 'from a file');
      const first = await blobs.writeOnce(results(), object, { from: { path }, contentType: 'text/plain' });
      const second = await blobs.writeOnce(results(), object, {
        from: { text: 'from memory' },
        contentType: 'text/html',
      });
      expect(first.adopted).toBe(false);
      expect(second).toEqual({ ...first, adopted: true });
      const read = await blobs.read(results(), object);
      expect(read).toMatchObject({ contentType: 'text/plain', size: 11 });
      expect(read && (await text(read.stream))).toBe('from a file');
    });

    it('remove all that begins alike, but what is to be kept', async () => {
      const { blobs } = ports();
      const stem = newName();
      for (const name of [`${stem}.png`, `${stem}.json`, `${stem}.error.json`, `${stem}x.png`]) {
        await blobs.writeOnce(results(), name, { from: { text: name }, contentType: 'text/plain' });
      }
      await blobs.removeAllBut(results(), `${stem}.`, [`${stem}.json`]);
      expect(await blobs.read(results(), `${stem}.png`)).toBeNull();
      expect(await blobs.read(results(), `${stem}.error.json`)).toBeNull();
      expect(await blobs.read(results(), `${stem}.json`)).not.toBeNull();
      expect(await blobs.read(results(), `${stem}x.png`)).not.toBeNull();
    });

    it('say null of what is not there, and remove it without complaint', async () => {
      const { blobs } = ports();
      expect(await blobs.read(results(), newName())).toBeNull();
      await blobs.remove(results(), newName());
    });

    it('bear a reader who goes away before the first byte', async () => {
      const { blobs } = ports();
      const object = newName();
      await blobs.writeOnce(results(), object, {
        from: { text: 'x'.repeat(1e6) },
        contentType: 'text/plain',
      });
      for (let round = 0; round < 5; round++) {
        const read = await blobs.read(results(), object);
        read?.stream.read(0);
        read?.stream.destroy();
      }
      const read = await blobs.read(results(), object);
      expect(read && (await text(read.stream))).toHaveLength(1e6);
    });

    it.each(['', '.', '..', 'a\nb', 'a\rb', 'sketch/\ud800.jpg', 'a\0', 'ä'.repeat(513)])(
      'know nothing of the name %j, and refuse it',
      async (object) => {
        const { blobs } = ports();
        const missing = { bucket: uploads(), name: object, generation: '1' };
        expect(await blobs.download(missing, join(directory, 'none'))).toEqual({
          kind: 'gone',
          replaced: false,
        });
        expect(await blobs.read(results(), object)).toBeNull();
        await blobs.remove(results(), object);
        const content = { from: { text: 'x' }, contentType: 'text/plain' };
        await expect(blobs.writeOnce(results(), object, content)).rejects.toThrow(RefusedError);
        const session = { bucket: uploads(), contentType: 'image/png', size: 1, origin: null };
        await expect(blobs.openUpload({ ...session, name: object, metadata: {} })).rejects.toThrow(
          RefusedError,
        );
      },
    );

    it.each<Record<string, string>>([{ batch: '\ud800' }, { '\udc00': 'x' }, { options: 'x'.repeat(8_193) }])(
      'refuse an upload with metadata that cannot be kept',
      async (metadata) => {
        const session = { bucket: uploads(), contentType: 'image/png', size: 1, origin: null };
        const opening = ports().blobs.openUpload({ ...session, name: newName(), metadata });
        await expect(opening).rejects.toThrow(RefusedError);
      },
    );

    it('list objects by pages in the order of their names, from behind any name', async () => {
      const { blobs } = ports();
      const stem = newName();
      const names = [`${stem}-a`, `${stem}-b`, `${stem}-c`];
      for (const name of names) await upload(name, Buffer.from('listed'));
      const list = async (behind: string | null) => {
        const found: FinalizedObject[] = [];
        for (let after = behind; ; ) {
          const page = await blobs.listPage(uploads(), after);
          expect(page.unreadable).toEqual([]);
          found.push(...page.objects.filter(({ name }) => name.startsWith(stem)));
          if (page.next === null) return found;
          after = page.next;
        }
      };
      expect(await list(null)).toMatchObject(names.map((name) => ({ bucket: uploads(), name, size: 6 })));
      expect((await list(`${stem}-b`)).map(({ name }) => name)).toEqual([`${stem}-c`]);
      expect((await list(`${stem}-aa`)).map(({ name }) => name)).toEqual([`${stem}-b`, `${stem}-c`]);
      expect(await list(`${stem}-d`)).toEqual([]);
    });
  });
}

function crc32cOf(bytes: Buffer): string {
  const crc32c = new CRC32C();
  crc32c.update(bytes);
  return crc32c.toString();
}
