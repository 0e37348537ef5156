import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Readable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { backupStorage } from './backup.ts';
import { checkStorage } from './check.ts';
import type { StorageNotification } from './notification-event.ts';
import { databaseFile } from './object-database.ts';
import { startStorageServer } from './server.ts';
import { Store } from './store.ts';
import { bytes, clientOf, startTestServer } from './test-server.ts';

const large = bytes(300_000);

describe('the data folder', () => {
  it('has a file for each larger object, and none for a small one', async () => {
    const { bucket, dataDir } = await startTestServer();
    await bucket.setMetadata({ softDeletePolicy: { retentionDurationSeconds: 0 } });
    for (const [name, size] of [
      ['none', 0],
      ['small', 16 * 1024],
      ['middle', 16 * 1024 + 1],
      ['large', 300_000],
    ] as const) {
      await bucket.file(name).save(bytes(size), { resumable: false });
      expect((await bucket.file(name).download())[0]).toEqual(bytes(size));
    }
    expect(await readdir(join(dataDir, 'blobs'))).toHaveLength(2);
    expect(await readdir(join(dataDir, 'incoming'))).toEqual([]);
    for (const [file] of [await bucket.getFiles()]) for (const each of file) await each.delete();
    expect(await readdir(join(dataDir, 'blobs'))).toEqual([]);
  });

  it('of a newer version is refused, and not touched', async () => {
    const { server, dataDir } = await startTestServer();
    await server.close();
    const database = new DatabaseSync(join(dataDir, databaseFile));
    database.exec('PRAGMA user_version = 1000');
    database.close();
    const before = await readFile(join(dataDir, databaseFile));
    await expect(startStorageServer({ dataDir })).rejects.toThrow('newer version of Spillway');
    expect(await readFile(join(dataDir, databaseFile))).toEqual(before);
  });

  it('is refused without its database, and keeps its pictures', async () => {
    const { server, bucket, dataDir } = await startTestServer();
    await bucket.file('picture').save(large, { resumable: false });
    await server.close();
    const file = join(dataDir, databaseFile);
    const whole = await readFile(file);
    const damaged = Buffer.concat([whole.subarray(0, 4_096), Buffer.alloc(whole.length - 4_096, 7)]);
    for (const [content, sentence] of [
      [null, /objects.db is missing or empty, although objects are beside it. Bring back the last backup/],
      [Buffer.alloc(0), /is missing or empty/],
      [Buffer.from('no database at all'.repeat(1_000)), /is damaged, or no database. Bring back/],
      [damaged, /is damaged/],
    ] as const) {
      await rm(file);
      if (content) await writeFile(file, content);
      await expect(startStorageServer({ dataDir })).rejects.toThrow(sentence);
      expect(await readdir(join(dataDir, 'blobs'))).toHaveLength(1);
      expect(await readFile(file).catch(() => null)).toEqual(content);
      if (!content) await writeFile(file, '');
    }
    await writeFile(file, whole);
    const again = await startStorageServer({ dataDir });
    onTestFinished(() => again.close());
    const [bytesRead] = await clientOf(again).bucket('test-bucket').file('picture').download();
    expect(bytesRead).toEqual(large);
  });

  it('loses files that no object has once a killed server is started again, and no others', async () => {
    const { bucket, dataDir, restart, server } = await startTestServer();
    await bucket.file('kept').save(large, { resumable: false });
    await writeFile(join(dataDir, 'blobs', 'left-behind'), large);
    await server.close();
    // What a server leaves that did not end by itself.
    const database = new DatabaseSync(join(dataDir, databaseFile));
    database.exec("UPDATE facts SET value = 1 WHERE name = 'isOpen'");
    database.close();
    const again = await restart();
    await expect.poll(() => readdir(join(dataDir, 'blobs'))).toHaveLength(1);
    expect((await again.bucket.file('kept').download())[0]).toEqual(large);
  });

  it('of an earlier version, with a file for each object, is taken over once', async () => {
    const { server, dataDir, bucket } = await startTestServer();
    await bucket
      .file('sketch/cat ä%.jpg')
      .save(large, { resumable: false, metadata: { metadata: { a: 'b' } } });
    const [{ generation }] = await bucket.file('sketch/cat ä%.jpg').getMetadata();
    await server.close();
    const notification = await asEarlierVersion(dataDir);

    const published: string[] = [];
    const notify = async ({ id }: StorageNotification) => void published.push(id);
    const taken = await startStorageServer({ dataDir, notify });
    onTestFinished(() => taken.close());
    const file = clientOf(taken).bucket('test-bucket').file('sketch/cat ä%.jpg');
    expect((await file.download())[0]).toEqual(large);
    expect((await file.getMetadata())[0]).toMatchObject({ generation, metadata: { a: 'b' } });
    await expect.poll(() => published).toEqual([notification.id]);
    await file.save('newer', { resumable: false });
    expect(Number((await file.getMetadata())[0].generation)).toBeGreaterThan(Number(generation));
    expect(await readdir(dataDir)).not.toContain('buckets');
  });

  it('is copied while the server works, with what there was at that moment', async () => {
    const { bucket, dataDir } = await startTestServer();
    await bucket.file('small').save('small', { resumable: false });
    await bucket.file('large').save(large, { resumable: false });
    const target = `${dataDir}-copy`;
    onTestFinished(() => rm(target, { recursive: true, force: true }));
    expect(await backupStorage(dataDir, target)).toBe(1);
    expect(await checkStorage(target)).toEqual({ objects: 2, bytes: 300_005, problems: [] });
    await bucket.file('large').save('replaced', { resumable: false });
    await bucket.file('small').delete();

    const copy = await startStorageServer({ dataDir: target });
    onTestFinished(() => copy.close());
    const copied = clientOf(copy).bucket('test-bucket');
    expect((await copied.file('large').download())[0]).toEqual(large);
    expect(String((await copied.file('small').download())[0])).toBe('small');
  });

  it('is checked byte by byte', async () => {
    const { bucket, dataDir } = await startTestServer();
    for (const name of ['a', 'b']) await bucket.file(name).save(large, { resumable: false });
    const [first = '', second = ''] = await readdir(join(dataDir, 'blobs'));
    await writeFile(join(dataDir, 'blobs', first), bytes(300_001).subarray(1));
    await rm(join(dataDir, 'blobs', second));
    const { objects, problems } = await checkStorage(dataDir);
    expect(objects).toBe(2);
    expect(problems.sort().map((problem) => problem.replace(/.*\) /, ''))).toEqual(
      expect.arrayContaining(['has lost its bytes.', 'has other bytes than its checksum says.']),
    );
  });

  it('knows how many bytes it keeps', async () => {
    const store = await Store.open(await mkdtemp(join(tmpdir(), 'store-')), { now: Date.now });
    onTestFinished(() => store.close());
    const settings = { softDeletePolicy: { retentionDurationSeconds: '604800', effectiveTime: '' } };
    for (const [name, kept] of [
      ['plain', {}],
      ['keeping', settings],
    ] as const) {
      store.buckets.create({
        name,
        metageneration: 1,
        timeCreated: '',
        updated: '',
        settings: kept,
        notificationConfigs: [],
        nextNotificationId: 1,
      });
    }
    const put = async (name: string, size: number) => {
      for (const bucket of ['plain', 'keeping']) {
        const staged = await store.stage(bucket, Readable.from([bytes(size)]));
        await store.put({ bucket, name, conditions: {}, fields: {} }, staged);
      }
    };
    await put('a', 100);
    await put('b', 20_000);
    expect(store.storedBytes()).toBe(2 * 20_100);
    await put('a', 50);
    expect(store.storedBytes()).toBe(2 * 20_050 + 100);
    for (const bucket of ['plain', 'keeping']) await store.remove(bucket, 'b', null, {});
    expect(store.storedBytes()).toBe(2 * 50 + 100 + 20_000);
    await store.remove('keeping', 'a', null, {});
    await store.removeBucket('keeping', () => {});
    expect(store.storedBytes()).toBe(50);
  });
});

/** Writes what the database has in the form of the version before it, with one notification that waits. */
async function asEarlierVersion(dataDir: string): Promise<StorageNotification> {
  const database = new DatabaseSync(join(dataDir, databaseFile));
  const buckets = database.prepare('SELECT name, record FROM buckets').all();
  const objects = database.prepare('SELECT bucket, name, record FROM objects').all();
  database.close();
  for (const file of await readdir(dataDir)) if (file.startsWith(databaseFile)) await rm(join(dataDir, file));
  const notification = { id: 'waits', topic: 'projects/p/topics/t', data: '', attributes: {} };
  for (const { name, record } of buckets) {
    const folder = join(dataDir, 'buckets', String(name));
    await mkdir(join(folder, 'objects'), { recursive: true });
    await writeFile(join(folder, 'bucket.json'), String(record));
  }
  for (const [at, { bucket, name, record }] of objects.entries()) {
    const older = {
      bucket,
      name: Buffer.from(name as Uint8Array).toString(),
      ...JSON.parse(String(record)),
      outbox: [notification],
    };
    await writeFile(join(dataDir, 'buckets', String(bucket), 'objects', `${at}.json`), JSON.stringify(older));
  }
  return notification;
}
