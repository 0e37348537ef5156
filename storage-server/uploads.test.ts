import { readdir, stat } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32cOf } from '@spillway/pipeline/crc32c.ts';
import { expect } from 'vitest';
import { conformanceSection } from './conformance.ts';
import { bytes, startTestServer } from './test-server.ts';

const oddNames = [
  'plain.jpg',
  'folder/sub folder/a b.png',
  '100%.png',
  '%2e%2e%2Fescape',
  'what?.png',
  'hash#1.png',
  'plus+and&=',
  '../../../etc/passwd',
  'a/../b',
  '/leading',
  'trailing/',
  '//',
  'back\\slash',
  'tab\there',
  'grüße/日本/🎈.png',
  '"quoted" \'name\'',
  'con:1*?<>|',
  'x'.repeat(1024),
];

conformanceSection('Uploads', (check) => {
  check('multipart, with metadata, custom metadata and the resource that comes back', 'client', async () => {
    const { bucket } = await startTestServer({ now: () => Date.UTC(2030, 0, 2) });
    const file = bucket.file('a.png');
    await file.save(bytes(100_000), {
      resumable: false,
      metadata: {
        contentType: 'image/png',
        cacheControl: 'no-store',
        contentDisposition: 'attachment',
        contentLanguage: 'de',
        metadata: { operation: 'sketch', note: 'größer' },
      },
    });
    const [metadata] = await file.getMetadata();
    expect(metadata).toMatchObject({
      kind: 'storage#object',
      id: `test-bucket/a.png/${metadata.generation}`,
      name: 'a.png',
      bucket: 'test-bucket',
      size: '100000',
      contentType: 'image/png',
      cacheControl: 'no-store',
      contentDisposition: 'attachment',
      contentLanguage: 'de',
      storageClass: 'STANDARD',
      metageneration: '1',
      metadata: { operation: 'sketch', note: 'größer' },
      timeCreated: '2030-01-02T00:00:00.000Z',
      updated: '2030-01-02T00:00:00.000Z',
      crc32c: crc32cOf(bytes(100_000)),
    });
    expect(metadata.generation).toBe(String(Date.UTC(2030, 0, 2) * 1000));
    expect((await file.download())[0].equals(bytes(100_000))).toBe(true);
  });

  check('multipart whose boundary text also occurs in the media', 'fetch', async () => {
    const { server, bucket } = await startTestServer();
    const media = '--edge\r\n--edg\r\n-\r\n--edgy?';
    const part = (type: string, body: string) => `--edge-1\r\nContent-Type: ${type}\r\n\r\n${body}\r\n`;
    const body = `${part('application/json', '{"name":"m"}')}${part('text/plain', media)}--edge-1--`;
    const url = `${server.url}/upload/storage/v1/b/test-bucket/o?uploadType=multipart`;
    const headers = { 'Content-Type': 'multipart/related; boundary="edge-1"' };
    expect((await fetch(url, { method: 'POST', headers, body })).status).toBe(200);
    expect(String((await bucket.file('m').download())[0])).toBe(media);
    const cut = await fetch(url, { method: 'POST', headers, body: body.slice(0, -4) });
    expect(cut.status).toBe(400);
  });

  check('media, with content type from the request', 'fetch', async () => {
    const { server } = await startTestServer();
    const url = `${server.url}/upload/storage/v1/b/test-bucket/o?uploadType=media&name=a%2Fb.txt`;
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'text/plain' },
      body: 'hello',
    });
    expect(await response.json()).toMatchObject({ name: 'a/b.txt', contentType: 'text/plain', size: '5' });
  });

  check('an empty object', 'client', async () => {
    const { bucket } = await startTestServer();
    await bucket.file('simple').save('', { resumable: false });
    await bucket.file('resumable').save('', { resumable: true });
    for (const name of ['simple', 'resumable']) {
      expect((await bucket.file(name).download())[0]).toHaveLength(0);
      expect((await bucket.file(name).getMetadata())[0].crc32c).toBe('AAAAAA==');
    }
  });

  check('crc32c and md5 of other bytes: 400 and no object', 'client and fetch', async () => {
    const { bucket, server } = await startTestServer();
    const wrong = crc32cOf(Buffer.from('other'));
    const options = { resumable: false, validation: false } as const;
    const save = bucket.file('a').save('these', { ...options, metadata: { crc32c: wrong } });
    await expect(save).rejects.toMatchObject({ code: 400, message: expect.stringContaining('CRC32C') });
    const md5Hash = '1B2M2Y8AsgTpgAmY7PhCfg==';
    await expect(bucket.file('a').save('these', { ...options, metadata: { md5Hash } })).rejects.toMatchObject(
      { code: 400 },
    );
    const url = `${server.url}/upload/storage/v1/b/test-bucket/o?uploadType=media&name=a`;
    const headers = { 'X-Goog-Hash': `crc32c=${wrong}` };
    expect((await fetch(url, { method: 'POST', headers, body: 'these' })).status).toBe(400);
    expect((await bucket.file('a').exists())[0]).toBe(false);
    await bucket.file('a').save('other', { ...options, metadata: { crc32c: wrong } });
  });

  check('a connection that ends early leaves no object and no bytes', 'http', async () => {
    const { server, bucket, dataDir } = await startTestServer();
    const upload = request(`${server.url}/upload/storage/v1/b/test-bucket/o?uploadType=media&name=cut`, {
      method: 'POST',
      headers: { 'Content-Length': 1_000_000 },
    });
    upload.on('error', () => undefined);
    upload.write(bytes(300_000));
    const incoming = join(dataDir, 'incoming');
    const arrived = async () => {
      const [arriving] = await readdir(incoming);
      return arriving === undefined ? 0 : (await stat(join(incoming, arriving))).size;
    };
    await expect.poll(arrived).toBe(300_000);
    upload.destroy();
    await expect.poll(() => readdir(incoming)).toEqual([]);
    expect((await bucket.file('cut').exists())[0]).toBe(false);
  });

  check('any name: folders, spaces, %, ?, #, emoji, .., 1,024 bytes', 'client', async () => {
    const { bucket, dataDir } = await startTestServer();
    await bucket.setMetadata({ softDeletePolicy: { retentionDurationSeconds: 0 } });
    for (const name of oddNames) {
      await bucket.file(name).save(name, { resumable: name.length % 2 === 0 });
      expect(String((await bucket.file(name).download())[0])).toBe(name);
      expect((await bucket.file(name).getMetadata())[0].name).toBe(name);
    }
    const [files] = await bucket.getFiles();
    expect(new Set(files.map(({ name }) => name))).toEqual(new Set(oddNames));
    expect(new Set((await readdir(dataDir)).map((name) => name.replace(/-(wal|shm)$/, '')))).toEqual(
      new Set(['blobs', 'incoming', 'objects.db', 'uploads']),
    );
    for (const name of oddNames) await bucket.file(name).delete();
    expect((await bucket.getFiles())[0]).toEqual([]);
    expect(await readdir(join(dataDir, 'blobs'))).toEqual([]);
  });

  check('a name that is not allowed: 400', 'client', async () => {
    const { bucket } = await startTestServer();
    const names = ['.', '..', 'a\nb', 'a\rb', 'é'.repeat(513), '.well-known/acme-challenge/x'];
    for (const name of names) {
      await expect(bucket.file(name).save('x', { resumable: false })).rejects.toMatchObject({ code: 400 });
    }
  });

  check('many uploads at once', 'client', async () => {
    const { bucket } = await startTestServer();
    const names = Array.from({ length: 40 }, (_, at) => `many/${at}`);
    await Promise.all(names.map((name) => bucket.file(name).save(name, { resumable: false })));
    const [files] = await bucket.getFiles({ prefix: 'many/' });
    expect(files).toHaveLength(40);
    expect(new Set(files.map(({ metadata }) => metadata.generation)).size).toBe(40);
  });

  check('a large object, piece by piece, in both directions', 'client', async () => {
    const { bucket } = await startTestServer();
    const piece = bytes(1 << 20);
    const pieces = 48;
    await pipeline(
      Readable.from(
        (function* () {
          for (let at = 0; at < pieces; at++) yield piece;
        })(),
      ),
      bucket.file('large').createWriteStream({ resumable: true, validation: 'crc32c' }),
    );
    let size = 0;
    for await (const chunk of bucket.file('large').createReadStream()) size += chunk.length;
    expect(size).toBe(pieces << 20);
  });

  check('objects, metadata and generations survive a restart', 'client', async () => {
    const first = await startTestServer();
    await first.bucket.file('kept').save('kept', { metadata: { metadata: { a: 'b' } } });
    const [before] = await first.bucket.file('kept').getMetadata();
    const second = await first.restart({ now: () => 0 });
    const [after] = await second.bucket.file('kept').getMetadata();
    const withoutLinks = ({ selfLink: _s, mediaLink: _m, ...rest }: typeof before) => rest;
    expect(withoutLinks(after)).toEqual(withoutLinks(before));
    expect(String((await second.bucket.file('kept').download())[0])).toBe('kept');
    await second.bucket.file('new').save('new');
    const [{ generation }] = await second.bucket.file('new').getMetadata();
    expect(Number(generation)).toBeGreaterThan(Number(before.generation));
  });
});
