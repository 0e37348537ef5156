import { readdir, writeFile } from 'node:fs/promises';
import { type IncomingHttpHeaders, request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { expect } from 'vitest';
import { conformanceSection } from './conformance.ts';
import { bytes, startTestServer } from './test-server.ts';

conformanceSection('Downloads', (check) => {
  check('checked against crc32c and md5; a corrupt file is noticed', 'client', async () => {
    const { bucket, dataDir } = await startTestServer();
    const file = bucket.file('a');
    await file.save(bytes(1000));
    for (const validation of ['crc32c', 'md5'] as const) {
      expect((await file.download({ validation }))[0]).toHaveLength(1000);
    }
    const [blob] = await readdir(`${dataDir}/blobs`);
    await writeFile(`${dataDir}/blobs/${blob}`, bytes(1001).subarray(1));
    await expect(file.download()).rejects.toMatchObject({ code: 'CONTENT_DOWNLOAD_MISMATCH' });
  });

  check('ranges, from the end too', 'client', async () => {
    const { bucket } = await startTestServer();
    const whole = bytes(1000);
    await bucket.file('a').save(whole);
    const part = async (options: object) => (await bucket.file('a').download(options))[0];
    expect((await part({ start: 10, end: 19 })).equals(whole.subarray(10, 20))).toBe(true);
    expect((await part({ start: 990 })).equals(whole.subarray(990))).toBe(true);
    expect((await part({ start: 0, end: 5000 })).equals(whole)).toBe(true);
    expect((await part({ end: -5 })).equals(whole.subarray(995))).toBe(true);
  });

  check('206, Content-Range, 416, and what is no range', 'fetch', async () => {
    const { bucket, server } = await startTestServer();
    await bucket.file('a').save(bytes(1000));
    const get = async (Range: string, path = '/test-bucket/a') => {
      const response = await fetch(server.url + path, { headers: { Range } });
      return [
        response.status,
        response.headers.get('content-range'),
        (await response.arrayBuffer()).byteLength,
      ];
    };
    expect(await get('bytes=0-9')).toEqual([206, 'bytes 0-9/1000', 10]);
    expect(await get('bytes=-2000')).toEqual([206, 'bytes 0-999/1000', 1000]);
    expect((await get('bytes=1000-')).slice(0, 2)).toEqual([416, 'bytes */1000']);
    expect((await get('bytes=1000-', '/storage/v1/b/test-bucket/o/a?alt=media'))[0]).toBe(416);
    expect(await get('bytes=9-0')).toEqual([200, null, 1000]);
    expect(await get('lines=0-9')).toEqual([200, null, 1000]);
  });

  check('headers of a download, through all three addresses', 'fetch', async () => {
    const { bucket, server } = await startTestServer();
    const metadata = { contentType: 'text/plain', contentDisposition: 'inline', metadata: { note: 'für' } };
    await bucket.file('f/a').save('hello', { metadata });
    const [{ generation }] = await bucket.file('f/a').getMetadata();
    const paths = [
      '/storage/v1/b/test-bucket/o/f%2Fa?alt=media',
      '/download/storage/v1/b/test-bucket/o/f%2Fa?alt=media',
      '/test-bucket/f/a',
    ];
    for (const path of paths) {
      const response = await fetch(server.url + path);
      expect(await response.text()).toBe('hello');
      expect(Object.fromEntries(response.headers)).toMatchObject({
        'content-type': 'text/plain',
        'content-length': '5',
        'content-disposition': 'inline',
        'accept-ranges': 'bytes',
        etag: '"5d41402abc4b2a76b9719d911017c592"',
        'x-goog-generation': String(generation),
        'x-goog-metageneration': '1',
        'x-goog-hash': 'crc32c=mnG7TA==,md5=XUFAKrxLKna5cZ2REBfFkg==',
        'x-goog-stored-content-encoding': 'identity',
        'x-goog-stored-content-length': '5',
        'x-goog-storage-class': 'STANDARD',
      });
      expect(Buffer.from(response.headers.get('x-goog-meta-note') ?? '', 'latin1').toString()).toBe('für');
    }
  });

  check('HEAD, If-None-Match, response-content-disposition', 'fetch', async () => {
    const { bucket, server } = await startTestServer();
    await bucket.file('a').save('hello');
    const url = `${server.url}/test-bucket/a`;
    const head = await fetch(url, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '5', '']);
    expect((await fetch(`${url}none`, { method: 'HEAD' })).status).toBe(404);
    const headers = { 'If-None-Match': head.headers.get('etag') ?? '' };
    expect((await fetch(url, { headers })).status).toBe(304);
    const saved = await fetch(
      `${url}?response-content-disposition=${encodeURIComponent('attachment; filename="ü.png"')}`,
    );
    expect(Buffer.from(saved.headers.get('content-disposition') ?? '', 'latin1').toString()).toBe(
      'attachment; filename="ü.png"',
    );
  });

  check('gzip objects: as they are for who accepts gzip, else decompressed', 'client and fetch', async () => {
    const { bucket, server } = await startTestServer();
    const text = 'again and '.repeat(1000);
    await bucket.file('a').save(text, { gzip: true, resumable: false });
    expect(String((await bucket.file('a').download())[0])).toBe(text);
    expect((await bucket.file('a').download({ decompress: false }))[0].equals(gzipSync(text))).toBe(true);
    const url = `${server.url}/test-bucket/a`;
    const plain = await fetch(url, { headers: { 'Accept-Encoding': 'identity' } });
    expect(plain.headers.get('content-encoding')).toBeNull();
    expect(plain.headers.get('x-goog-stored-content-encoding')).toBe('gzip');
    expect(await plain.text()).toBe(text);
  });

  check(
    'gzip objects: who accepts what, no-transform, ranges, checksums of what is stored',
    'fetch',
    async () => {
      const { bucket, server } = await startTestServer();
      const text = 'again and '.repeat(1000);
      const stored = gzipSync(text);
      const options = { resumable: false, metadata: { contentEncoding: 'gzip', contentType: 'text/plain' } };
      await bucket.file('a').save(stored, options);
      await bucket.file('as-is').save(stored, {
        ...options,
        metadata: { ...options.metadata, cacheControl: 'no-transform' },
      });
      await bucket.file('not').save(text, options);
      const [{ crc32c, size }] = await bucket.file('a').getMetadata();
      expect(Number(size)).toBe(stored.length);
      // undici would unpack the answer; this shows its bytes.
      const get = (name: string, headers: Record<string, string>) =>
        new Promise<{ headers: IncomingHttpHeaders; status: number; bytes: Buffer }>((resolve, reject) => {
          request(`${server.url}/storage/v1/b/test-bucket/o/${name}?alt=media`, { headers }, (res) => {
            const answer = { headers: res.headers, status: res.statusCode ?? 0 };
            buffer(res).then((bytes) => resolve({ ...answer, bytes }), reject);
          })
            .once('error', reject)
            .end();
        });
      for (const accepted of ['gzip', 'br, GZIP', 'gzip;q=0.5', 'deflate;q=1, gzip']) {
        const { headers, bytes: sent } = await get('a', { 'Accept-Encoding': accepted });
        expect([headers['content-encoding'], sent.equals(stored)]).toEqual(['gzip', true]);
      }
      for (const accepted of ['', 'identity', 'br', 'gzip;q=0', 'gzip;q=0.0, br', 'x-gzipped']) {
        const {
          headers,
          status,
          bytes: sent,
        } = await get('a', { 'Accept-Encoding': accepted, Range: 'bytes=0-4' });
        expect([status, headers['content-encoding'], String(sent)]).toEqual([200, undefined, text]);
        expect(headers).toMatchObject({
          'x-goog-stored-content-encoding': 'gzip',
          'x-goog-stored-content-length': String(stored.length),
          'x-goog-hash': expect.stringContaining(`crc32c=${crc32c}`),
          warning: '214 UploadServer gunzipped',
          vary: 'Accept-Encoding',
          etag: expect.stringMatching(/^W\//),
        });
        expect(headers['content-length']).toBeUndefined();
      }
      const part = await get('a', { 'Accept-Encoding': 'gzip', Range: 'bytes=2-5' });
      expect([part.status, part.bytes.equals(stored.subarray(2, 6))]).toEqual([206, true]);
      expect((await get('as-is', {})).bytes.equals(stored)).toBe(true);
      await expect(get('not', {})).rejects.toThrow(/aborted|hang up/);
      expect((await bucket.file('not').download({ decompress: false }))[0].toString()).toBe(text);
    },
  );

  check('what is not there: 404 in the format of each API', 'client and fetch', async () => {
    const { bucket, server } = await startTestServer();
    await expect(bucket.file('none').download()).rejects.toMatchObject({ code: 404 });
    await expect(bucket.file('none').getMetadata()).rejects.toMatchObject({
      message: 'No such object: test-bucket/none',
    });
    const xml = await fetch(`${server.url}/test-bucket/none`);
    expect([xml.status, await xml.text()]).toEqual([404, expect.stringContaining('<Code>NoSuchKey</Code>')]);
    expect(await (await fetch(`${server.url}/no-bucket/none`)).text()).toContain('<Code>NoSuchBucket</Code>');
  });

  check('an object replaced during its download is still sent in full', 'fetch', async () => {
    const { bucket, server } = await startTestServer();
    const whole = bytes(8 << 20);
    await bucket.file('a').save(whole);
    const { body } = await fetch(`${server.url}/test-bucket/a`);
    const reader = (body as ReadableStream<Uint8Array>).getReader();
    const chunks = [(await reader.read()).value ?? new Uint8Array()];
    await bucket.file('a').save('new');
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) chunks.push(piece.value);
    expect(Buffer.concat(chunks).equals(whole)).toBe(true);
  });
});
