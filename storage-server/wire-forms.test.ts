import { gunzipSync, gzipSync } from 'node:zlib';
import { expect } from 'vitest';
import { conformanceSection } from './conformance.ts';
import { bytes, startTestServer } from './test-server.ts';

const quantum = 256 * 1024;
const json = { 'Content-Type': 'application/json' };

/** A multipart upload as apitools writes it for gcloud storage and gsutil: Python's quotes, and lines that end in LF. */
function apitoolsUpload(name: string, media: Buffer) {
  const boundary = '===============7330845974216740156==';
  const head = (type: string, more = '') => `Content-Type: ${type}\nMIME-Version: 1.0\n${more}\n`;
  const metadata = JSON.stringify({ bucket: 'test-bucket', contentType: 'image/jpeg', name });
  const binary = head('image/jpeg', 'Content-Transfer-Encoding: binary\n');
  const body = Buffer.concat([
    Buffer.from(`--${boundary}\n${head('application/json')}${metadata}\n--${boundary}\n${binary}`),
    media,
    Buffer.from(`\n--${boundary}--`),
  ]);
  return { headers: { 'Content-Type': `multipart/related; boundary='${boundary}'` }, body };
}

conformanceSection('Forms of other clients', (check) => {
  check('multipart of gcloud storage and gsutil: single quotes, lines that end in LF', 'fetch', async () => {
    const { server, bucket } = await startTestServer();
    const url = `${server.url}/upload/storage/v1/b/test-bucket/o?uploadType=multipart&alt=json`;
    const medias = ['\r', '\r\n', '\n', '--', '\n--===============', ''].map((end) =>
      Buffer.from(`hello${end}`),
    );
    for (const media of [...medias, Buffer.alloc(0), bytes(300_000)]) {
      const { headers, body } = apitoolsUpload('a', media);
      const answer = await fetch(url, { method: 'POST', headers, body: new Uint8Array(body) });
      expect([answer.status, await answer.json()]).toMatchObject([200, { contentType: 'image/jpeg' }]);
      expect((await bucket.file('a').download())[0].equals(media)).toBe(true);
    }
  });

  check('sessions of gcloud storage and gsutil, which begin below /resumable', 'fetch', async () => {
    const { server, bucket } = await startTestServer();
    const url = `${server.url}/resumable/upload/storage/v1/b/test-bucket/o?alt=json&name=a&uploadType=resumable`;
    const start = await fetch(url, { method: 'POST', headers: json, body: '{"name":"a"}' });
    const session = start.headers.get('location') ?? '';
    const put = await fetch(session, {
      method: 'PUT',
      headers: { 'Content-Range': 'bytes 0-4/5' },
      body: 'hello',
    });
    expect([put.status, await put.json()]).toMatchObject([200, { name: 'a', size: '5' }]);
    expect(String((await bucket.file('a').download())[0])).toBe('hello');
    const missing = await fetch(url.replace('test-bucket', 'none'), {
      method: 'POST',
      headers: json,
      body: '{}',
    });
    expect([missing.status, await missing.json()]).toMatchObject([404, { error: { code: 404 } }]);
  });

  check(
    'chunks of Go’s client and rclone: POST, X-GUploader-No-308, 200 with an override',
    'fetch',
    async () => {
      const { server, bucket } = await startTestServer();
      const start = await fetch(
        `${server.url}/upload/storage/v1/b/test-bucket/o?uploadType=resumable&name=a`,
        {
          method: 'POST',
          headers: { ...json, 'X-Upload-Content-Type': 'text/plain' },
          body: '{}',
        },
      );
      const post = async (range: string, body: Buffer) => {
        const answer = await fetch(start.headers.get('location') ?? '', {
          method: 'POST',
          headers: { 'Content-Range': range, 'X-GUploader-No-308': 'yes' },
          body: new Uint8Array(body),
        });
        await answer.arrayBuffer();
        return [
          answer.status,
          answer.headers.get('x-http-status-code-override'),
          answer.headers.get('range'),
        ];
      };
      const whole = bytes(2 * quantum + 5);
      const kept = `bytes=0-${quantum - 1}`;
      expect(await post(`bytes 0-${quantum - 1}/*`, whole.subarray(0, quantum))).toEqual([200, '308', kept]);
      expect(await post('bytes */*', Buffer.alloc(0))).toEqual([200, '308', kept]);
      const last = `bytes ${quantum}-${whole.length - 1}/${whole.length}`;
      expect(await post(last, whole.subarray(quantum))).toEqual([200, null, null]);
      expect((await bucket.file('a').download())[0].equals(whole)).toBe(true);
    },
  );

  check('bodies that were packed for the way are stored unpacked (-J)', 'fetch', async () => {
    const { server, bucket } = await startTestServer();
    const upload = `${server.url}/upload/storage/v1/b/test-bucket/o`;
    const packed = { 'Content-Encoding': 'gzip' };
    const send = async (
      url: string,
      init: { method: string; headers: Record<string, string> },
      body: Buffer,
    ) => fetch(url, { ...init, body: new Uint8Array(body) });

    const { headers, body } = apitoolsUpload('multipart', bytes(100_000));
    const multipart = { method: 'POST', headers: { ...headers, ...packed } };
    await send(`${upload}?uploadType=multipart`, multipart, gzipSync(body));
    await send(
      `${upload}?uploadType=media&name=media`,
      { method: 'POST', headers: packed },
      gzipSync(bytes(100_000)),
    );

    // Each chunk is packed for itself, and its Content-Range counts unpacked bytes.
    const start = await fetch(`${upload}?uploadType=resumable&name=resumable`, {
      method: 'POST',
      headers: json,
    });
    const session = start.headers.get('location') ?? '';
    const chunk = (range: string) => ({ method: 'PUT', headers: { ...packed, 'Content-Range': range } });
    const first = await send(session, chunk(`bytes 0-${quantum - 1}/*`), gzipSync(bytes(quantum)));
    expect([first.status, first.headers.get('range')]).toEqual([308, `bytes=0-${quantum - 1}`]);
    const asked = await fetch(session, chunk('bytes */*'));
    expect(asked.status).toBe(308);
    const tail = Buffer.from('end');
    await send(session, chunk(`bytes ${quantum}-${quantum + 2}/${quantum + 3}`), gzipSync(tail));

    const content = async (name: string) => {
      const [metadata] = await bucket.file(name).getMetadata();
      expect(metadata.contentEncoding).toBeUndefined();
      return (await bucket.file(name).download())[0];
    };
    expect((await content('multipart')).equals(bytes(100_000))).toBe(true);
    expect((await content('media')).equals(bytes(100_000))).toBe(true);
    expect((await content('resumable')).equals(Buffer.concat([bytes(quantum), tail]))).toBe(true);

    const broken = await send(
      `${upload}?uploadType=media&name=b`,
      { method: 'POST', headers: packed },
      bytes(50),
    );
    expect(broken.status).toBe(400);
    const other = { method: 'POST', headers: { 'Content-Encoding': 'br' } };
    expect((await send(`${upload}?uploadType=media&name=b`, other, bytes(50))).status).toBe(501);
    expect((await bucket.file('b').exists())[0]).toBe(false);
  });

  check('packed through the XML API: stored as it comes, with its Content-Encoding', 'fetch', async () => {
    const { server, bucket } = await startTestServer();
    const headers = { 'Content-Encoding': 'gzip', 'Content-Type': 'text/plain' };
    const body = new Uint8Array(gzipSync('hello'));
    await fetch(`${server.url}/test-bucket/a`, { method: 'PUT', headers, body });
    expect((await bucket.file('a').getMetadata())[0].contentEncoding).toBe('gzip');
    const [stored] = await bucket.file('a').download({ decompress: false });
    expect(gunzipSync(stored).toString()).toBe('hello');
  });

  check('copy and rewrite with the body `null` of Go’s client, and with none', 'fetch', async () => {
    const { server, bucket } = await startTestServer();
    await bucket.file('a').save('x', { metadata: { contentType: 'text/plain', metadata: { k: 'v' } } });
    for (const way of ['rewriteTo', 'copyTo']) {
      for (const body of ['null', 'null\n', '', undefined]) {
        const url = `${server.url}/storage/v1/b/test-bucket/o/a/${way}/b/test-bucket/o/b`;
        expect((await fetch(url, { method: 'POST', headers: json, body: body ?? null })).status).toBe(200);
        const [metadata] = await bucket.file('b').getMetadata();
        expect(metadata).toMatchObject({ contentType: 'text/plain', metadata: { k: 'v' } });
      }
    }
  });

  check('moveTo: everything but the name stays; conditions on both sides; 404 and 400', 'fetch', async () => {
    const { server, bucket } = await startTestServer();
    await bucket.file('f/a').save('x', { metadata: { contentType: 'text/plain', metadata: { k: 'v' } } });
    const move = async (query = '', from = 'f%2Fa', to = 'f%2Fb') => {
      const path = `/storage/v1/b/test-bucket/o/${from}/moveTo/o/${to}${query}`;
      return (await fetch(server.url + path, { method: 'POST' })).status;
    };
    expect(await move('?ifSourceGenerationMatch=1')).toBe(412);
    expect(await move('?ifGenerationMatch=7')).toBe(412);
    expect(await move('', 'none')).toBe(404);
    expect(await move('', 'f%2Fa', 'f%2Fa')).toBe(400);
    expect(await move('?ifGenerationMatch=0')).toBe(200);
    expect((await bucket.file('f/a').exists())[0]).toBe(false);
    const [metadata] = await bucket.file('f/b').getMetadata();
    expect(metadata).toMatchObject({ contentType: 'text/plain', metadata: { k: 'v' } });
    await bucket.file('f/b').moveFileAtomic('f/c');
    expect(String((await bucket.file('f/c').download())[0])).toBe('x');
  });

  check('storageLayout: folders are not real here', 'fetch', async () => {
    const { server } = await startTestServer();
    const layout = await fetch(`${server.url}/storage/v1/b/test-bucket/storageLayout`);
    expect(await layout.json()).toMatchObject({
      bucket: 'test-bucket',
      hierarchicalNamespace: { enabled: false },
    });
    expect((await fetch(`${server.url}/storage/v1/b/none/storageLayout`)).status).toBe(404);
    expect((await fetch(`${server.url}/storage/v1/b/test-bucket/folders`)).status).toBe(501);
  });

  check(
    'managed folders: insert, get, list by prefix and page, delete; 409 while not empty',
    'fetch',
    async () => {
      const test = await startTestServer();
      const at = (rest: string, server = test.server) =>
        `${server.url}/storage/v1/b/test-bucket/managedFolders${rest}`;
      const insert = async (name: string) =>
        (await fetch(at(''), { method: 'POST', headers: json, body: JSON.stringify({ name }) })).status;
      const list = async (query: string) => {
        const page = (await (await fetch(at(query))).json()) as {
          items?: { name: string }[];
          nextPageToken?: string;
        };
        return { names: page.items?.map(({ name }) => name), next: page.nextPageToken };
      };
      expect(await list('')).toEqual({});
      for (const name of ['b/', 'a/', 'a/c/']) expect(await insert(name)).toBe(200);
      expect([await insert('a/'), await insert('no-slash')]).toEqual([409, 400]);
      expect(await list('?pageSize=2')).toEqual({ names: ['a/', 'a/c/'], next: 'a/c/' });
      expect(await list('?pageSize=2&pageToken=a%2Fc%2F')).toEqual({ names: ['b/'] });
      expect(await list('?prefix=a%2F')).toEqual({ names: ['a/', 'a/c/'] });
      expect(await (await fetch(at('/a%2F'))).json()).toMatchObject({ name: 'a/', metageneration: '1' });
      expect((await fetch(at('/a%2F/iam'))).status).toBe(501);
      await test.bucket.file('a/file').save('x');
      const remove = async (rest: string) => (await fetch(at(rest), { method: 'DELETE' })).status;
      expect(await remove('/a%2F')).toBe(409);
      expect(await remove('/a%2F?allowNonEmpty=true&ifMetagenerationMatch=2')).toBe(412);
      expect(await remove('/a%2F?allowNonEmpty=true')).toBe(204);
      expect(await remove('/a%2F')).toBe(404);
      const again = await test.restart();
      const kept = await fetch(at('', again.server));
      expect(await kept.json()).toMatchObject({ items: [{ name: 'a/c/' }, { name: 'b/' }] });
    },
  );
});
