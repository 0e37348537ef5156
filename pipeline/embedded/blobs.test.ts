import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { OutageError, RefusedError, StorageFullError } from '@spillway/core/errors.ts';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type StorageServer, startStorageServer } from '../../storage-server/server.ts';
import { bytes } from '../../storage-server/test-server.ts';
import { limitedBlobs } from '../limits/blobs.ts';
import { blobsContract } from '../testing/blobs-contract.ts';
import { createStorageServerBlobs, type StorageServerBlobs } from './blobs.ts';

const buckets = { uploads: 'uploads-test', webUploads: 'web-uploads-test', results: 'results-test' };
let folder = '';
let server: StorageServer;
let blobs: StorageServerBlobs;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-blobs-'));
  server = await startStorageServer({ dataDir: join(folder, 'storage') });
  blobs = createStorageServerBlobs(server.url);
  for (const name of Object.values(buckets)) await post('/storage/v1/b', { name });
});
afterAll(async () => {
  blobs.close();
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

function post(path: string, body: unknown): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  return fetch(`${server.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
}

blobsContract(
  'the storage server',
  () => ({ blobs: limitedBlobs(blobs), buckets }),
  async (name, content, contentEncoding) => {
    const encoding = contentEncoding === undefined ? '' : `&contentEncoding=${contentEncoding}`;
    const parameters = `uploadType=media&name=${encodeURIComponent(name)}${encoding}`;
    const answer = await fetch(`${server.url}/upload/storage/v1/b/${buckets.uploads}/o?${parameters}`, {
      method: 'POST',
      body: new Uint8Array(content),
    });
    return (await answer.json()) as { generation: string };
  },
);

describe('large files', () => {
  it('are written and read as streams, whole and unchanged', async () => {
    const large = bytes(9 * 1024 * 1024);
    const path = join(folder, 'large');
    await writeFile(path, large);
    const content = { from: { path }, contentType: 'image/png' };
    const written = await blobs.writeOnce(buckets.results, 'large', content);
    expect(written.size).toBe(large.length);
    const copy = join(folder, 'copy');
    const { crc32c } = written;
    expect(await blobs.download(written, copy)).toEqual({ kind: 'downloaded', crc32c, size: large.length });
    expect((await readFile(copy)).equals(large)).toBe(true);
  });
});

describe('an upload session', () => {
  it('takes the bytes of the page that it was opened for', async () => {
    const origin = 'http://pages.test';
    const { url } = await blobs.openUpload({
      bucket: buckets.webUploads,
      name: 'ann/cat.jpg',
      contentType: 'image/jpeg',
      size: 5,
      metadata: { operation: 'sketch' },
      origin,
    });
    const put = (from: string) => fetch(url, { method: 'PUT', body: 'bytes', headers: { origin: from } });
    expect((await put('http://others.test')).status).toBe(403);
    expect(await (await put(origin)).json()).toMatchObject({
      contentType: 'image/jpeg',
      metadata: { operation: 'sketch' },
    });
    const read = await blobs.read(buckets.webUploads, 'ann/cat.jpg');
    expect(read && (await text(read.stream))).toBe('bytes');
  });
});

/** Answers with these statuses in turn, the last of them for ever. */
async function answering(...statuses: number[]) {
  const asked: string[] = [];
  const stub = createServer((request, response) => {
    request.resume();
    asked.push(`${request.method} ${request.url}`);
    const status = statuses.length > 1 ? statuses.shift() : statuses[0];
    if (status === 0) return void request.socket.destroy();
    response.writeHead(status ?? 500).end('{"generation":"1","size":"3","crc32c":"x"}');
  });
  await new Promise<void>((resolve) => stub.listen(0, '127.0.0.1', resolve));
  const client = createStorageServerBlobs(`http://127.0.0.1:${(stub.address() as AddressInfo).port}`);
  onTestFinished(() => {
    client.close();
    stub.close();
  });
  return { asked, client };
}

const content = { from: { text: 'abc' }, contentType: 'text/plain' };

describe('a storage server that is away', () => {
  it('is asked again, and what it had kept already is adopted', async () => {
    const { asked, client } = await answering(0, 503, 412, 200);
    expect(await client.writeOnce('results', 'a', content)).toMatchObject({ generation: '1', size: 3 });
    expect(asked).toHaveLength(4);
  });

  it('is an outage in the end', async () => {
    const { client } = await answering(503);
    await expect(client.writeOnce('results', 'a', content)).rejects.toThrow(OutageError);
    await expect(client.read('results', 'a')).rejects.toThrow(/did not give a/);
  });

  it('is not asked again where it has no room', async () => {
    const { asked, client } = await answering(507);
    await expect(client.writeOnce('results', 'a', content)).rejects.toThrow(StorageFullError);
    expect(asked).toHaveLength(1);
  });

  it('is an outage where it gives a part of the bytes', async () => {
    const stub = createServer((_request, response) => {
      response.writeHead(200, {
        'content-length': '100',
        'x-goog-hash': 'crc32c=AAAAAA==',
        'x-goog-stored-content-length': '100',
      });
      response.write('a part');
      setImmediate(() => response.destroy());
    });
    await new Promise<void>((resolve) => stub.listen(0, '127.0.0.1', resolve));
    const client = createStorageServerBlobs(`http://127.0.0.1:${(stub.address() as AddressInfo).port}`);
    onTestFinished(() => {
      client.close();
      stub.close();
    });
    const blob = { bucket: 'uploads', name: 'a', generation: '1' };
    await expect(client.download(blob, join(folder, 'part'))).rejects.toThrow(OutageError);
  });
});

describe('a bucket that is missing', () => {
  it('is the fault of what is configured, and no missing object', async () => {
    const blob = { bucket: 'no-such-bucket', name: 'a', generation: '1' };
    for (const ask of [
      () => blobs.read('no-such-bucket', 'a'),
      () => blobs.writeOnce('no-such-bucket', 'a', content),
      () => blobs.download(blob, join(folder, 'none')),
    ]) {
      await expect(ask()).rejects.toThrow(RefusedError);
      await expect(ask()).rejects.toMatchObject({ scope: 'service' });
    }
    expect(await blobs.isBucketThere('no-such-bucket')).toBe(false);
    expect(await blobs.isBucketThere(buckets.results)).toBe(true);
  });
});

it('bytes that differ from their checksum are not taken for the object', async () => {
  const written = await blobs.writeOnce(buckets.results, 'damaged', {
    from: { text: 'x'.repeat(20_000) },
    contentType: 'text/plain',
  });
  const files = join(folder, 'storage', 'blobs');
  for (const file of await readdir(files)) {
    const path = join(files, file);
    if ((await readFile(path, 'utf8')) === 'x'.repeat(20_000)) await writeFile(path, 'y'.repeat(20_000));
  }
  await expect(blobs.download(written, join(folder, 'damaged'))).rejects.toThrow(/other bytes/);
});
