import { request } from 'node:http';
import { expect } from 'vitest';
import { conformanceSection } from './conformance.ts';
import { fullDisk } from './disk-space.ts';
import { bytes, startTestServer, type TestServer } from './test-server.ts';

/** More than any disk has. */
const everything = Number.MAX_SAFE_INTEGER;
const uploadsTopic = 'uploads-finalized';

async function healthOf({ server }: TestServer) {
  const answer = await fetch(`${server.url}/_health`);
  return answer.json() as Promise<{ freeBytes: number; storedBytes: number; refusal: string | null }>;
}

conformanceSection('Room', (check) => {
  check(
    'uploads are refused while the disk has too little free; reads and deletes go on',
    'client',
    async () => {
      const before = await startTestServer();
      await before.bucket.createNotification(uploadsTopic);
      await before.bucket.file('a').save('one', { resumable: false });
      const full = await before.restart({ limits: { freeBytes: everything, mostBytes: null } });
      const refused = { code: 507, message: expect.stringContaining('Delete something') };
      for (const resumable of [true, false]) {
        await expect(full.bucket.file('b').save('two', { resumable })).rejects.toMatchObject(refused);
      }
      await expect(full.bucket.file('a').copy('b')).rejects.toMatchObject(refused);
      const xml = await fetch(`${full.server.url}/test-bucket/b`, { method: 'PUT', body: 'two' });
      expect([xml.status, await xml.text()]).toEqual([507, expect.stringContaining('InsufficientStorage')]);
      expect(await healthOf(full)).toMatchObject({ storedBytes: 3, refusal: expect.any(String) });
      expect(String((await full.bucket.file('a').download())[0])).toBe('one');
      await full.bucket.file('a').delete();
      const again = await full.restart({ limits: { freeBytes: 0, mostBytes: null } });
      await again.bucket.file('b').save('two', { resumable: false });
      expect(await healthOf(again)).toMatchObject({ refusal: null });
    },
  );

  check('uploads are refused beyond a limit of all objects; results still have room', 'client', async () => {
    const started = await startTestServer({ limits: { freeBytes: 0, mostBytes: 100_000 } });
    const { bucket, storage } = started;
    await bucket.setMetadata({ softDeletePolicy: { retentionDurationSeconds: '0' } });
    await bucket.createNotification(uploadsTopic);
    await bucket.file('a').save(bytes(60_000), { resumable: false });
    const refused = { code: 507, message: expect.stringContaining('may take 100 kB') };
    await expect(bucket.file('b').save(bytes(60_000), { resumable: false })).rejects.toMatchObject(refused);
    await expect(bucket.file('b').createResumableUpload({ metadata: {} })).resolves.toBeDefined();
    const [results] = await storage.createBucket('results');
    await results.file('a').save(bytes(60_000), { resumable: false });
    await expect(bucket.file('b').save(bytes(10), { resumable: false })).rejects.toMatchObject(refused);
    await results.file('a').delete();
    await results.setMetadata({ softDeletePolicy: { retentionDurationSeconds: '0' } });
  });

  check('a session says at once that what it announces has no room', 'fetch', async () => {
    const { server, bucket } = await startTestServer({ limits: { freeBytes: 0, mostBytes: 100 } });
    await bucket.createNotification(uploadsTopic);
    const open = (announced: number) =>
      fetch(`${server.url}/upload/storage/v1/b/test-bucket/o?uploadType=resumable&name=a`, {
        method: 'POST',
        headers: { 'x-upload-content-length': String(announced) },
      });
    expect((await open(100)).status).toBe(200);
    const refused = await open(101);
    expect(refused.status).toBe(507);
    expect(await refused.json()).toMatchObject({ error: { errors: [{ reason: 'insufficientStorage' }] } });
  });

  check(
    'a session without a length is cut off where the room ends, and goes on when there is some',
    'fetch',
    async () => {
      const first = await startTestServer({ limits: { freeBytes: 0, mostBytes: 600_000 } });
      await first.bucket.createNotification(uploadsTopic);
      const opened = await fetch(
        `${first.server.url}/upload/storage/v1/b/test-bucket/o?uploadType=resumable&name=a`,
        { method: 'POST' },
      );
      const address = new URL(opened.headers.get('location') ?? '');
      const content = bytes(1_000_000);
      expect(await put(address, content, 0)).toBe(507);
      const roomy = await first.restart({ limits: { freeBytes: 0, mostBytes: null } });
      address.port = String(roomy.server.port);
      const query = { method: 'PUT', headers: { 'content-range': 'bytes */1000000' } };
      const asked = await fetch(address, query);
      expect(asked.status).toBe(308);
      const arrived = Number(/-(\d+)$/.exec(asked.headers.get('range') ?? '')?.[1] ?? -1) + 1;
      expect(arrived).toBeLessThanOrEqual(600_000);
      expect(await put(address, content, arrived)).toBe(200);
      expect((await roomy.bucket.file('a').download())[0].equals(content)).toBe(true);
    },
  );

  check('a disk that is full all the same is told in the same way', 'errors of the system', async () => {
    for (const full of [{ code: 'ENOSPC' }, { code: 'EDQUOT' }, { code: 'ERR_SQLITE_ERROR', errcode: 13 }]) {
      expect(fullDisk(Object.assign(new Error('full'), full))).toMatchObject({ status: 507 });
    }
    expect(fullDisk(Object.assign(new Error('no'), { code: 'EACCES' }))).toBeNull();
  });
});

/** The status of a PUT of everything from `first` on, which may be answered before it has been sent. */
function put(address: URL, content: Buffer, first: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const range = `bytes ${first}-${content.length - 1}/${content.length}`;
  const sent = request(address, { method: 'PUT', headers: { 'content-range': range } }, (answer) => {
    answer.resume();
    resolve(answer.statusCode ?? 0);
  });
  sent.on('error', reject);
  sent.end(content.subarray(first));
  return promise;
}
