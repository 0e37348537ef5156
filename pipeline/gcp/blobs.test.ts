import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Storage } from '@google-cloud/storage';
import { RefusedError } from '@spillway/core/errors.ts';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startTestServer } from '../../storage-server/test-server.ts';
import { silentLog } from '../memory/ports.ts';
import { createStorageBlobs } from './blobs.ts';

/** A bucket where this program has only these permissions, so that every object is answered with 403. */
async function closedBucket(permissions: string[]) {
  const server = createServer((request, response) => {
    const asks = request.url?.includes('/iam/testPermissions');
    response.writeHead(asks ? 200 : 403, { 'content-type': 'application/json' });
    const message = 'The account does not have storage.objects.get access (or it may not exist).';
    const refusal = { error: { code: 403, message, errors: [{ reason: 'forbidden', message }] } };
    response.end(JSON.stringify(asks ? { permissions } : refusal));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const apiEndpoint = `http://127.0.0.1:${port}`;
  return createStorageBlobs(
    new Storage({ projectId: 'demo', apiEndpoint, retryOptions: { autoRetry: false } }),
    silentLog,
  );
}

const blob = { bucket: 'uploads', name: 'sketch/cat.jpg', generation: '1' };

describe('an object of which Cloud Storage answers 403', () => {
  it('is missing, where this program may not list the bucket but read and delete its objects', async () => {
    const { storage, bucket } = await startTestServer({ withoutList: ['test-bucket'] });
    const blobs = createStorageBlobs(storage, silentLog);
    const missing = { bucket: 'test-bucket', name: 'sketch/cat.jpg', generation: '1' };
    expect(await blobs.download(missing, '/dev/null')).toEqual({ kind: 'gone', replaced: false });
    expect(await blobs.read('test-bucket', 'sketch/cat.jpg')).toBeNull();
    await blobs.remove('test-bucket', 'sketch/cat.jpg');
    await blobs.remove('test-bucket', 'sketch/cat.jpg', '1');
    await bucket.file('sketch/cat.jpg').save('newer');
    expect(await blobs.download(missing, '/dev/null')).toEqual({ kind: 'gone', replaced: true });
  });

  it('is refused, where it may not, and says which object it was', async () => {
    const blobs = await closedBucket([]);
    await expect(blobs.download(blob, '/dev/null')).rejects.toThrow(/refuses to give sketch\/cat.jpg/);
    await expect(blobs.read('results', 'sketch/cat.png')).rejects.toMatchObject({ scope: 'service' });
    await expect(blobs.read('results', 'sketch/cat.png')).rejects.toThrow(RefusedError);
    const reader = await closedBucket(['storage.objects.get']);
    await expect(reader.remove('results', 'sketch/cat.png')).rejects.toThrow(/refuses to remove/);
  });
});

it('a reader who goes away takes no other call along', async () => {
  // The client of this server tries nothing again.
  const { storage } = await startTestServer();
  const blobs = createStorageBlobs(storage, silentLog);
  const content = 'x'.repeat(1_000_000);
  await blobs.writeOnce('test-bucket', 'large', { from: { text: content }, contentType: 'text/plain' });
  const slow = await blobs.read('test-bucket', 'large');
  for (let round = 0; round < 10; round++) {
    const others = [1, 2, 3].map(() => blobs.read('test-bucket', 'none'));
    const read = await blobs.read('test-bucket', 'large');
    read?.stream.read(0);
    read?.stream.destroy();
    expect(await Promise.all(others)).toEqual([null, null, null]);
  }
  expect(slow && (await text(slow.stream))).toHaveLength(content.length);
});

it('a download is one request, and so is a whole read: each is billed', async () => {
  const { storage } = await startTestServer();
  const blobs = createStorageBlobs(storage, silentLog);
  const content = { from: { text: 'a cat' }, contentType: 'text/plain' };
  const { generation, crc32c } = await blobs.writeOnce('test-bucket', 'cat', content);
  let requests = 0;
  storage.interceptors.push({
    request(options) {
      requests++;
      return options as typeof options & { uri: string };
    },
  });
  expect(await blobs.download({ bucket: 'test-bucket', name: 'cat', generation }, '/dev/null')).toEqual({
    kind: 'downloaded',
    crc32c,
    size: 5,
  });
  expect(requests).toBe(1);
  const read = await blobs.read('test-bucket', 'cat');
  expect(read && [read.size, read.contentType, await text(read.stream)]).toEqual([5, 'text/plain', 'a cat']);
  expect(requests).toBe(2);
});
