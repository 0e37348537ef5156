import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bucket } from '@google-cloud/storage';
import { expect } from 'vitest';
import { conformanceSection } from './conformance.ts';
import { startTestServer } from './test-server.ts';

const day = 24 * 3600 * 1000;

async function deletedIn(bucket: Bucket, query: { prefix?: string } = {}) {
  const [files] = await bucket.getFiles({ ...query, softDeleted: true });
  return files.map(({ name, metadata }) => ({ name, generation: String(metadata.generation), metadata }));
}

const namesOf = (entries: { name: string }[]) => entries.map(({ name }) => name);

conformanceSection('Soft delete', (check) => {
  check('a new bucket keeps for 7 days; 0 and 7 to 90 days may be set; else 400', 'client', async () => {
    const { bucket, storage } = await startTestServer({ now: () => Date.UTC(2030, 0, 1) });
    const [metadata] = await bucket.getMetadata();
    expect(metadata.softDeletePolicy).toEqual({
      retentionDurationSeconds: '604800',
      effectiveTime: '2030-01-01T00:00:00.000Z',
    });
    const set = async (retentionDurationSeconds: number) =>
      (await bucket.setMetadata({ softDeletePolicy: { retentionDurationSeconds } }))[0].softDeletePolicy;
    expect(await set(0)).toMatchObject({ retentionDurationSeconds: '0' });
    expect(await set(90 * 86_400)).toMatchObject({ retentionDurationSeconds: '7776000' });
    for (const seconds of [1, 604_799, 7_776_001])
      await expect(set(seconds)).rejects.toMatchObject({ code: 400 });
    const off = { softDeletePolicy: { retentionDurationSeconds: 0 } };
    const [other] = await storage.createBucket('other-bucket', off);
    expect((await other.getMetadata())[0].softDeletePolicy).toMatchObject({ retentionDurationSeconds: '0' });
  });

  check(
    'deleted and overwritten objects are kept, listed and described apart, not read',
    'client',
    async () => {
      const { bucket, server } = await startTestServer({ now: () => Date.UTC(2030, 0, 1) });
      for (const text of ['one', 'two']) await bucket.file('f/a').save(text);
      await bucket.file('g').save('g');
      await bucket.file('f/a').delete();
      await bucket.file('g').delete();
      expect((await bucket.getFiles())[0]).toEqual([]);
      expect(namesOf(await deletedIn(bucket))).toEqual(['f/a', 'f/a', 'g']);
      // As apitools writes it.
      const python = await fetch(`${server.url}/storage/v1/b/test-bucket/o?softDeleted=True`);
      expect(await python.json()).toMatchObject({ items: [{ name: 'f/a' }, { name: 'f/a' }, { name: 'g' }] });
      const [first] = await deletedIn(bucket, { prefix: 'f/' });
      expect(first?.metadata).toMatchObject({
        softDeleteTime: '2030-01-01T00:00:00.000Z',
        hardDeleteTime: '2030-01-08T00:00:00.000Z',
      });
      const deleted = bucket.file('f/a', { generation: first?.generation ?? 0 });
      expect((await deleted.getMetadata({ softDeleted: true }))[0]).toMatchObject({ size: '3' });
      await expect(deleted.getMetadata()).rejects.toMatchObject({ code: 404 });
      await expect(deleted.download()).rejects.toMatchObject({ code: 404 });
      await expect(bucket.getFiles({ softDeleted: true, versions: true })).rejects.toMatchObject({
        code: 400,
      });
    },
  );

  check('restore makes a live copy with a new generation, also after a restart', 'client', async () => {
    const first = await startTestServer();
    const metadata = { contentType: 'text/plain', metadata: { k: 'v' } };
    await first.bucket.file('a').save('kept', { metadata });
    await first.bucket.file('a').delete();
    const { bucket } = await first.restart();
    const [deleted] = await deletedIn(bucket);
    const generation = Number(deleted?.generation);
    await bucket.file('a').restore({ generation });
    expect(String((await bucket.file('a').download())[0])).toBe('kept');
    const [restored] = await bucket.file('a').getMetadata();
    expect(restored).toMatchObject({ ...metadata, metageneration: '1' });
    expect(Number(restored.generation)).toBeGreaterThan(generation);
    expect(restored.hardDeleteTime).toBeUndefined();
    await expect(bucket.file('a').restore({ generation: 1 })).rejects.toMatchObject({ code: 404 });
  });

  check('what was kept for long enough is gone, with its bytes', 'client', async () => {
    let time = Date.now();
    const first = await startTestServer({ now: () => time });
    await first.bucket.file('a').save('x');
    await first.bucket.file('a').delete();
    const blobs = () => readdir(join(first.dataDir, 'blobs'));
    expect(await blobs()).toHaveLength(1);
    time += 7 * day;
    expect(await deletedIn(first.bucket)).toEqual([]);
    await first.restart();
    expect(await blobs()).toEqual([]);
  });

  check('where it is off, deleting removes at once', 'client', async () => {
    const { bucket, dataDir } = await startTestServer();
    await bucket.setMetadata({ softDeletePolicy: { retentionDurationSeconds: 0 } });
    await bucket.file('a').save('x');
    await bucket.file('a').delete();
    expect(await deletedIn(bucket)).toEqual([]);
    expect(await readdir(join(dataDir, 'blobs'))).toEqual([]);
  });

  check('with versioning, a generation is kept when it is deleted by its number', 'client', async () => {
    const { bucket } = await startTestServer();
    await bucket.setMetadata({ versioning: { enabled: true } });
    await bucket.file('a').save('x');
    const [{ generation = 0 }] = await bucket.file('a').getMetadata();
    await bucket.file('a').delete();
    expect(await deletedIn(bucket)).toEqual([]);
    await bucket.file('a', { generation }).delete();
    expect(namesOf(await deletedIn(bucket))).toEqual(['a']);
  });

  check(
    'a bucket that holds nothing else can be deleted; itself it is not kept',
    'client, fetch',
    async () => {
      const { bucket, server } = await startTestServer();
      await bucket.file('a').save('x');
      await bucket.file('a').delete();
      await bucket.delete();
      expect((await fetch(`${server.url}/storage/v1/b?softDeleted=true&project=p`)).status).toBe(501);
      expect((await fetch(`${server.url}/storage/v1/b/test-bucket/restore`, { method: 'POST' })).status).toBe(
        501,
      );
    },
  );
});

conformanceSection('Without storage.objects.list', (check) => {
  check('what is missing is 403, in both APIs, and what is there is not', 'client, fetch', async () => {
    const { bucket, server } = await startTestServer({ withoutList: ['test-bucket'] });
    await bucket.file('there').save('x');
    expect(String((await bucket.file('there').download())[0])).toBe('x');
    const refused = { code: 403, errors: [expect.objectContaining({ reason: 'forbidden' })] };
    await expect(bucket.file('none').getMetadata()).rejects.toMatchObject(refused);
    await expect(bucket.file('none').delete()).rejects.toMatchObject(refused);
    await expect(bucket.file('none').copy('other')).rejects.toMatchObject(refused);
    await expect(bucket.getFiles()).rejects.toMatchObject(refused);
    const answer = await fetch(`${server.url}/test-bucket/none`);
    expect([answer.status, await answer.text()]).toEqual([403, expect.stringContaining('AccessDenied')]);
  });

  check('testPermissions says what is lacking', 'client', async () => {
    const { bucket, storage } = await startTestServer({ withoutList: ['test-bucket'] });
    const asked = ['storage.objects.get', 'storage.objects.list'];
    const [here] = await bucket.iam.testPermissions(asked);
    expect(here).toEqual({ 'storage.objects.get': true, 'storage.objects.list': false });
    const [other] = await storage.createBucket('other-bucket');
    expect((await other.iam.testPermissions(asked))[0]['storage.objects.list']).toBe(true);
  });
});
