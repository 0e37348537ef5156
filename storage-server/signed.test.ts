import { generateKeyPairSync } from 'node:crypto';
import { Storage } from '@google-cloud/storage';
import { expect } from 'vitest';
import { conformanceSection } from './conformance.ts';
import type { StorageServerOptions } from './server.ts';
import { bytes, startTestServer } from './test-server.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const credentials = {
  client_email: 'signer@test-project.iam.gserviceaccount.com',
  private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
};

async function startSigning(options: Pick<StorageServerOptions, 'now' | 'signers'> = {}) {
  const started = await startTestServer(options);
  const signer = new Storage({ apiEndpoint: started.server.url, projectId: 'test-project', credentials });
  return { ...started, signing: signer.bucket('test-bucket') };
}

const soon = () => Date.now() + 60_000;

conformanceSection('Signed and public addresses', (check) => {
  for (const version of ['v2', 'v4'] as const) {
    check(`${version}: PUT, GET, HEAD and DELETE of any name`, 'client signs, fetch', async () => {
      const { signing } = await startSigning();
      for (const name of ['plain', 'folder/a b', '100%.png', 'what?#.png', 'ü/🎈']) {
        const sign = async (action: 'read' | 'write' | 'delete', contentType?: string) => {
          const options = { version, action, expires: soon(), ...(contentType ? { contentType } : {}) };
          return (await signing.file(name).getSignedUrl(options))[0];
        };
        const headers = { 'Content-Type': 'image/png' };
        const put = await fetch(await sign('write', 'image/png'), { method: 'PUT', headers, body: 'bytes' });
        expect([put.status, put.headers.get('x-goog-generation')]).toEqual([
          200,
          expect.stringMatching(/^\d+$/),
        ]);
        const got = await fetch(await sign('read'));
        expect([got.headers.get('content-type'), await got.text()]).toEqual(['image/png', 'bytes']);
        expect((await fetch(await sign('read'), { method: 'HEAD' })).status).toBe(200);
        expect((await fetch(await sign('delete'), { method: 'DELETE' })).status).toBe(204);
        expect((await fetch(await sign('read'))).status).toBe(404);
      }
    });

    check(`${version}: an expired address: 400 ExpiredToken`, 'client signs, fetch', async () => {
      let time = Date.now();
      const { signing } = await startSigning({ now: () => time });
      await signing.file('a').save('x');
      const [url] = await signing.file('a').getSignedUrl({ version, action: 'read', expires: time + 10_000 });
      expect((await fetch(url)).status).toBe(200);
      time += 11_000;
      const response = await fetch(url);
      expect([response.status, await response.text()]).toEqual([
        400,
        expect.stringContaining('ExpiredToken'),
      ]);
    });
  }

  check(
    'v4: missing parameters, a lifetime over a week, a missing signed header: 400',
    'client signs, fetch',
    async () => {
      const { signing } = await startSigning();
      const extensionHeaders = { 'x-goog-meta-a': 'b' };
      const sign = { version: 'v4', action: 'write', expires: soon(), extensionHeaders } as const;
      const [url] = await signing.file('a').getSignedUrl(sign);
      const put = async (address: string, headers: Record<string, string> = extensionHeaders) =>
        (await fetch(address, { method: 'PUT', body: 'x', headers })).status;
      expect(await put(url, {})).toBe(400);
      expect(await put(url.replace(/X-Goog-Expires=\d+/, 'X-Goog-Expires=604801'))).toBe(400);
      for (const parameter of ['Algorithm', 'Credential', 'Date', 'Expires', 'SignedHeaders']) {
        expect(await put(url.replace(new RegExp(`X-Goog-${parameter}=[^&]*&`), ''))).toBe(400);
      }
      expect(await put(url)).toBe(200);
      expect((await signing.file('a').getMetadata())[0].metadata).toEqual({ a: 'b' });
    },
  );

  check('v4: an answer in the address, ranges and a generation', 'client signs, fetch', async () => {
    const { signing } = await startSigning();
    const file = signing.file('results/cat 1.png');
    await file.save('older');
    const generation = String((await file.getMetadata())[0].generation);
    await file.save('newer bytes', { contentType: 'image/png' });
    const read = { version: 'v4', action: 'read', expires: soon() } as const;
    const [url] = await file.getSignedUrl({
      ...read,
      responseDisposition: 'attachment; filename="my cat.png"',
      responseType: 'image/x-cat',
    });
    const part = await fetch(url, { headers: { Range: 'bytes=6-10' } });
    expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([
      206,
      'bytes 6-10/11',
      'bytes',
    ]);
    expect(part.headers.get('content-type')).toBe('image/x-cat');
    expect(part.headers.get('content-disposition')).toBe('attachment; filename="my cat.png"');
    const [ofOlder] = await file.getSignedUrl({ ...read, queryParams: { generation } });
    expect((await fetch(ofOlder)).status).toBe(404);
    const [metadata] = await file.getMetadata();
    const [ofNewer] = await file.getSignedUrl({
      ...read,
      queryParams: { generation: String(metadata.generation) },
    });
    expect(await (await fetch(ofNewer)).text()).toBe('newer bytes');
  });

  check('v4: the signature, where the signer’s key is known: 403 if not', 'client signs, fetch', async () => {
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const { signing } = await startSigning({ signers: { [credentials.client_email]: pem } });
    for (const name of ['plain', 'folder/a b', "100%'(!).png", 'what?#.png', 'ü/🎈']) {
      await signing.file(name).save('bytes');
      const read = { version: 'v4', action: 'read', expires: soon() } as const;
      const [url] = await signing
        .file(name)
        .getSignedUrl({ ...read, responseDisposition: 'inline; filename="a b"' });
      expect([name, (await fetch(url)).status]).toEqual([name, 200]);
      expect((await fetch(url, { method: 'HEAD' })).status).toBe(200);
      expect((await fetch(url, { method: 'DELETE' })).status).toBe(403);
      for (const changed of [
        url.replace('inline', 'attachment'),
        url.replace(/Expires=\d+/, 'Expires=604800'),
      ]) {
        const refused = await fetch(changed);
        const told = expect.stringContaining('SignatureDoesNotMatch');
        expect([refused.status, await refused.text()]).toEqual([403, told]);
      }
    }
  });

  check('PUT: create-only, size range, checksums, custom metadata', 'fetch', async () => {
    const { server, bucket } = await startTestServer();
    const put = async (headers: Record<string, string>) =>
      (await fetch(`${server.url}/test-bucket/a`, { method: 'PUT', body: 'hello', headers })).status;
    expect(await put({ 'x-goog-content-length-range': '6,10' })).toBe(400);
    expect(await put({ 'x-goog-content-length-range': '0,4' })).toBe(400);
    expect(await put({ 'x-goog-hash': 'crc32c=AAAAAA==' })).toBe(400);
    expect(await put({ 'Content-MD5': '1B2M2Y8AsgTpgAmY7PhCfg==' })).toBe(400);
    expect((await bucket.file('a').exists())[0]).toBe(false);
    const fine = { 'x-goog-hash': 'crc32c=mnG7TA==', 'Content-MD5': 'XUFAKrxLKna5cZ2REBfFkg==' };
    const creating = { 'x-goog-if-generation-match': '0', 'x-goog-meta-operation': 'caption', ...fine };
    expect(await put(creating)).toBe(200);
    expect(await put(creating)).toBe(412);
    expect((await bucket.file('a').getMetadata())[0].metadata).toEqual({ operation: 'caption' });
  });

  check('a signed start of a resumable upload', 'client signs, fetch', async () => {
    const { signing } = await startSigning();
    const sign = { version: 'v4', action: 'resumable', expires: soon() } as const;
    const [url] = await signing.file('f/a').getSignedUrl(sign);
    const start = await fetch(url, { method: 'POST', headers: { 'x-goog-resumable': 'start' } });
    expect(start.status).toBe(201);
    const session = start.headers.get('location') ?? '';
    const quantum = 256 * 1024;
    const whole = new Uint8Array(bytes(quantum + 1));
    const put = (range: string, body: Uint8Array<ArrayBuffer>) =>
      fetch(session, { method: 'PUT', body, headers: { 'Content-Range': range } });
    const first = await put(`bytes 0-${quantum - 1}/*`, whole.slice(0, quantum));
    expect([first.status, first.headers.get('range')]).toEqual([308, `bytes=0-${quantum - 1}`]);
    const last = await put(`bytes ${quantum}-${quantum}/${quantum + 1}`, whole.slice(quantum));
    expect([last.status, await last.text()]).toEqual([200, '']);
    expect((await signing.file('f/a').download())[0].equals(whole)).toBe(true);
  });

  check('the public address of the client', 'client, fetch', async () => {
    const { bucket } = await startTestServer();
    const file = bucket.file('folder/ü 1%.txt');
    await file.save('public');
    expect(await (await fetch(file.publicUrl())).text()).toBe('public');
    expect((await file.isPublic())[0]).toBe(true);
  });

  check('requests on buckets and multipart uploads of the XML API: 501', 'fetch', async () => {
    const { server } = await startTestServer();
    expect((await fetch(`${server.url}/test-bucket`)).status).toBe(501);
    expect((await fetch(`${server.url}/test-bucket/a?uploads`, { method: 'POST' })).status).toBe(501);
  });
});
