import { readdir, readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { crc32cOf } from '@spillway/pipeline/crc32c.ts';
import { expect } from 'vitest';
import { conformanceSection } from './conformance.ts';
import { bytes, clientOf, startTestServer, type TestServer } from './test-server.ts';

const quantum = 256 * 1024;

interface Start {
  name?: string;
  headers?: Record<string, string>;
  metadata?: object;
  query?: string;
}

async function begin({ server }: Pick<TestServer, 'server'>, start: Start = {}): Promise<string> {
  const { name = 'a', headers = {}, metadata = {}, query = '' } = start;
  const url = `${server.url}/upload/storage/v1/b/test-bucket/o?uploadType=resumable&name=${name}${query}`;
  const json = { 'Content-Type': 'application/json', ...headers };
  const response = await fetch(url, { method: 'POST', headers: json, body: JSON.stringify(metadata) });
  expect(response.status).toBe(200);
  return response.headers.get('location') ?? '';
}

async function put(session: string, range: string, body: Uint8Array<ArrayBuffer> | '' = '', headers = {}) {
  const response = await fetch(session, {
    method: 'PUT',
    headers: { 'Content-Range': range, ...headers },
    body,
  });
  return { status: response.status, range: response.headers.get('range'), text: await response.text() };
}

/** Sends some bytes of a larger PUT and cuts the connection once the server has received them. */
async function sendAndCut(
  session: string,
  contentRange: string,
  content: Buffer,
  announced: number,
): Promise<void> {
  const upload = request(session, {
    method: 'PUT',
    headers: { 'Content-Range': contentRange, 'Content-Length': announced },
  });
  upload.on('error', () => undefined);
  upload.write(content);
  const first = Number(/^bytes (\d+)/.exec(contentRange)?.[1]);
  const arrived = first + content.length - ((first + content.length) % quantum);
  await expect.poll(async () => (await put(session, 'bytes */*')).range).toBe(`bytes=0-${arrived - 1}`);
  upload.destroy();
}

const content = (length: number): Uint8Array<ArrayBuffer> => new Uint8Array(bytes(length));

conformanceSection('Resumable uploads', (check) => {
  check('in one request and in chunks, of known and unknown size', 'client', async () => {
    const { bucket } = await startTestServer();
    for (const size of [1, quantum, 3 * quantum, 3 * quantum + 1, 1_000_000]) {
      for (const chunkSize of [undefined, quantum, 2 * quantum]) {
        const file = bucket.file(`${size}-${chunkSize}`);
        await file.save(bytes(size), { resumable: true, ...(chunkSize ? { chunkSize } : {}) });
        expect((await file.download())[0].equals(bytes(size))).toBe(true);
        const stream = file.createWriteStream({
          metadata: { contentLength: size },
          ...(chunkSize ? { chunkSize } : {}),
        });
        await new Promise((resolve, reject) =>
          stream.on('finish', resolve).on('error', reject).end(bytes(size)),
        );
        expect((await file.getMetadata())[0].size).toBe(String(size));
      }
    }
  });

  check('only the last chunk makes the object; 308 with Range before', 'fetch', async () => {
    const test = await startTestServer();
    const session = await begin(test, { headers: { 'X-Upload-Content-Type': 'image/png' } });
    const whole = content(quantum + 10);
    expect(await put(session, 'bytes */*')).toMatchObject({ status: 308, range: null });
    const first = await put(session, `bytes 0-${quantum - 1}/${quantum + 10}`, whole.slice(0, quantum));
    expect(first).toMatchObject({ status: 308, range: `bytes=0-${quantum - 1}` });
    expect((await test.bucket.file('a').exists())[0]).toBe(false);
    expect(await put(session, `bytes */${quantum + 10}`)).toMatchObject({ status: 308, range: first.range });
    const last = await put(session, `bytes ${quantum}-${quantum + 9}/${quantum + 10}`, whole.slice(quantum));
    expect(last.status).toBe(200);
    expect(JSON.parse(last.text)).toMatchObject({
      name: 'a',
      size: String(whole.length),
      contentType: 'image/png',
    });
    expect((await test.bucket.file('a').download())[0].equals(whole)).toBe(true);
  });

  check('PUT without Content-Range sends the whole object', 'fetch', async () => {
    const test = await startTestServer();
    const session = await begin(test);
    const response = await fetch(session, { method: 'PUT', body: content(10) });
    expect(await response.json()).toMatchObject({ size: '10' });
  });

  check('a size that becomes known after the last chunk', 'fetch', async () => {
    const test = await startTestServer();
    const session = await begin(test);
    expect((await put(session, `bytes 0-${quantum - 1}/*`, content(quantum))).status).toBe(308);
    expect((await put(session, `bytes */${quantum}`)).status).toBe(200);
    expect((await test.bucket.file('a').getMetadata())[0].size).toBe(String(quantum));
  });

  check('a chunk that is no multiple of 256 KiB is kept up to the last multiple', 'fetch', async () => {
    const test = await startTestServer();
    const session = await begin(test);
    const whole = content(2 * quantum + 1000);
    const first = await put(session, `bytes 0-${quantum + 499}/*`, whole.slice(0, quantum + 500));
    expect([first.status, first.range]).toEqual([308, `bytes=0-${quantum - 1}`]);
    const last = `bytes ${quantum}-${whole.length - 1}/${whole.length}`;
    expect((await put(session, last, whole.slice(quantum))).status).toBe(200);
    expect((await test.bucket.file('a').download())[0].equals(whole)).toBe(true);
  });

  check('chunks below 256 KiB that are not the last, gaps and wrong sizes: 400', 'fetch', async () => {
    const test = await startTestServer();
    const session = await begin(test, { headers: { 'X-Upload-Content-Length': '1000000' } });
    const small = await put(session, 'bytes 0-99/1000000', content(100));
    expect([small.status, small.text]).toEqual([400, expect.stringContaining('greater than 262144')]);
    expect((await put(session, `bytes ${quantum}-999999/1000000`, content(1_000_000 - quantum))).status).toBe(
      400,
    );
    expect((await put(session, 'bytes 0-9/10', content(10))).status).toBe(400);
    expect((await put(session, `bytes 0-${quantum - 1}/1000000`, content(quantum + 1))).status).toBe(400);
    expect((await put(session, `bytes 0-${quantum - 1}/1000000`, content(quantum - 1))).status).toBe(400);
    expect((await put(session, 'bytes nonsense', content(1))).status).toBe(400);
    expect((await put(session, 'bytes 0-999999/1000000', content(1_000_000))).status).toBe(200);
  });

  check(
    'a cut connection keeps what arrived, rounded down; overlap is passed over',
    'http and fetch',
    async () => {
      const test = await startTestServer();
      const size = 4 * quantum + 100;
      const whole = content(size);
      const session = await begin(test);
      await sendAndCut(
        session,
        `bytes 0-${size - 1}/${size}`,
        Buffer.from(whole.slice(0, 2 * quantum + 77)),
        size,
      );
      expect((await put(session, 'bytes */*')).range).toBe(`bytes=0-${2 * quantum - 1}`);
      const overlap = await put(session, `bytes ${quantum}-${size - 1}/${size}`, whole.slice(quantum));
      expect(overlap.status).toBe(200);
      expect((await test.bucket.file('a').download())[0].equals(whole)).toBe(true);
    },
  );

  check('a new PUT takes over from one whose client has given up', 'http and fetch', async () => {
    const test = await startTestServer();
    const session = await begin(test);
    const size = 2 * quantum;
    const stalled = request(session, { method: 'PUT', headers: { 'Content-Length': size } });
    const ended = new Promise((resolve) => stalled.once('error', resolve));
    stalled.write(content(quantum));
    await expect.poll(async () => (await put(session, 'bytes */*')).range).toBe(`bytes=0-${quantum - 1}`);
    const second = await put(session, `bytes ${quantum}-${size - 1}/${size}`, content(size).slice(quantum));
    expect(second.status).toBe(200);
    await ended;
    expect((await test.bucket.file('a').download())[0].equals(content(size))).toBe(true);
  });

  check('the client resumes by itself after a cut', 'client', async () => {
    let cuts = 0;
    const test = await startTestServer({
      faults: ({ method, query }) => {
        if (method !== 'PUT' || !query.has('upload_id') || cuts > 0) return undefined;
        cuts += 1;
        return { cutAfterBytes: 3 * quantum };
      },
    });
    const file = clientOf(test.server, true).bucket('test-bucket').file('a');
    const size = 8 * quantum + 5;
    await file.save(bytes(size), {
      resumable: true,
      chunkSize: 16 * quantum,
      preconditionOpts: { ifGenerationMatch: 0 },
    });
    expect(cuts).toBe(1);
    expect((await file.download())[0].equals(bytes(size))).toBe(true);
  });

  check('a session survives a restart of the server in the middle', 'fetch', async () => {
    const first = await startTestServer();
    const whole = content(quantum + 5);
    const session = new URL(await begin(first, { metadata: { metadata: { operation: 'sketch' } } }));
    await put(session.href, `bytes 0-${quantum - 1}/*`, whole.slice(0, quantum));
    const second = await first.restart();
    session.port = String(second.server.port);
    expect((await put(session.href, 'bytes */*')).range).toBe(`bytes=0-${quantum - 1}`);
    const range = `bytes ${quantum}-${quantum + 4}/${quantum + 5}`;
    expect((await put(session.href, range, whole.slice(quantum))).status).toBe(200);
    const [metadata] = await second.bucket.file('a').getMetadata();
    expect(metadata.metadata).toEqual({ operation: 'sketch' });
    expect((await second.bucket.file('a').download())[0].equals(whole)).toBe(true);
  });

  check('a finished session answers again with its object, also after a restart', 'fetch', async () => {
    const first = await startTestServer();
    const session = new URL(await begin(first, { query: '&ifGenerationMatch=0' }));
    const finished = JSON.parse((await put(session.href, 'bytes 0-4/5', content(5))).text);
    const second = await first.restart();
    session.port = String(second.server.port);
    for (const range of ['bytes */*', 'bytes */5', 'bytes 0-4/5']) {
      const again = await put(session.href, range, range.startsWith('bytes 0') ? content(5) : '');
      expect(JSON.parse(again.text)).toMatchObject({ generation: finished.generation, size: '5' });
    }
  });

  check('a crash after the object was made, before the session knew: still finished', 'fetch', async () => {
    const first = await startTestServer();
    const session = new URL(await begin(first));
    const finished = JSON.parse((await put(session.href, 'bytes 0-4/5', content(5))).text);
    const path = join(first.dataDir, 'uploads', `${session.searchParams.get('upload_id')}.json`);
    const { outcome: _forgotten, ...record } = JSON.parse(await readFile(path, 'utf8'));
    await writeFile(path, JSON.stringify(record));
    const second = await first.restart();
    session.port = String(second.server.port);
    const again = await put(session.href, 'bytes */*');
    expect(again.status).toBe(200);
    expect(JSON.parse(again.text)).toMatchObject({ generation: finished.generation });
  });

  check('DELETE cancels: 499, then and later', 'fetch', async () => {
    const test = await startTestServer();
    const session = await begin(test);
    await put(session, `bytes 0-${quantum - 1}/*`, content(quantum));
    expect((await fetch(session, { method: 'DELETE' })).status).toBe(499);
    expect((await put(session, 'bytes */*')).status).toBe(499);
    expect((await put(session, `bytes ${quantum}-${quantum}/${quantum + 1}`, content(1))).status).toBe(499);
    expect((await test.bucket.file('a').exists())[0]).toBe(false);
  });

  check('an unknown session: 404; one older than a week: 410', 'fetch', async () => {
    let time = Date.now();
    const test = await startTestServer({ now: () => time });
    const session = await begin(test);
    expect((await put(session.replace(/upload_id=.*/, 'upload_id=none'), 'bytes */*')).status).toBe(404);
    time += 7 * 24 * 3600 * 1000 + 1;
    expect((await put(session, 'bytes */*')).status).toBe(410);
  });

  check('a record that a power cut has emptied: 404, and the server starts without it', 'fetch', async () => {
    const test = await startTestServer();
    const [lost, kept] = [await begin(test, { name: 'lost' }), await begin(test, { name: 'kept' })];
    for (const session of [lost, kept]) await put(session, `bytes 0-${quantum - 1}/*`, content(quantum));
    const folder = join(test.dataDir, 'uploads');
    const idOf = (session: string) => new URL(session).searchParams.get('upload_id') ?? '';
    await writeFile(join(folder, `${idOf(lost)}.json`), '');
    await writeFile(join(folder, `${idOf(kept)}.json.half.tmp`), '{"id":');
    const { server } = await test.restart();
    const now = (session: string) => session.replace(test.server.url, server.url);
    expect((await put(now(lost), 'bytes */*')).status).toBe(404);
    expect(await put(now(kept), 'bytes */*')).toMatchObject({ status: 308, range: `bytes=0-${quantum - 1}` });
    expect((await readdir(folder)).sort()).toEqual([idOf(kept), `${idOf(kept)}.json`].sort());
  });

  check('conditions hold at the last byte, not only at the first', 'fetch', async () => {
    const test = await startTestServer();
    const session = await begin(test, { query: '&ifGenerationMatch=0' });
    await put(session, `bytes 0-${quantum - 1}/*`, content(quantum));
    await test.bucket.file('a').save('meanwhile');
    const last = await put(session, `bytes ${quantum}-${quantum}/${quantum + 1}`, content(1));
    expect(last.status).toBe(412);
    expect((await put(session, 'bytes */*')).status).toBe(412);
    expect(String((await test.bucket.file('a').download())[0])).toBe('meanwhile');
  });

  check(
    'checksums from metadata and from the last request: 400 and no object',
    'client and fetch',
    async () => {
      const test = await startTestServer();
      const wrong = crc32cOf(Buffer.from('other'));
      const inMetadata = await begin(test, { metadata: { crc32c: wrong } });
      expect((await put(inMetadata, 'bytes 0-4/5', content(5))).status).toBe(400);
      const inHeader = await begin(test);
      expect(
        (await put(inHeader, 'bytes 0-4/5', content(5), { 'X-Goog-Hash': `crc32c=${wrong}` })).status,
      ).toBe(400);
      expect((await test.bucket.file('a').exists())[0]).toBe(false);
      await test.bucket.file('a').save('fine', { resumable: true, validation: 'crc32c' });
    },
  );
});
