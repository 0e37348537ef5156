import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { conformanceSection } from './conformance.ts';
import type { StorageNotification } from './notification-event.ts';
import { bytes, startTestServer } from './test-server.ts';

const dayMs = 24 * 3_600_000;
const deleteAfter = (age: number, more: object = {}) => ({
  lifecycle: { rule: [{ action: { type: 'Delete' as const }, condition: { age, ...more } }] },
});
const keepNothing = { softDeletePolicy: { retentionDurationSeconds: '0' } };

/** A server whose time the test moves. */
async function startAt(options: { notify?: (notification: StorageNotification) => Promise<void> } = {}) {
  let days = 0;
  const started = await startTestServer({ ...options, now: () => Date.now() + days * dayMs });
  const names = async () => (await started.bucket.getFiles())[0].map(({ name }) => name);
  /** What the server does by itself from time to time. */
  const after = async (later: number) => {
    days += later;
    await started.server.removeExpired();
    return names();
  };
  return { ...started, after };
}

conformanceSection('Lifecycle', (check) => {
  check(
    'objects are deleted at an age, with their bytes and an event',
    'client, recording publisher',
    async () => {
      const told: string[] = [];
      const notify = async ({ attributes }: StorageNotification) => {
        told.push(`${attributes.eventType} ${attributes.objectId}`);
      };
      const { bucket, after, dataDir } = await startAt({ notify });
      await bucket.setMetadata({ ...deleteAfter(3), ...keepNothing });
      await bucket.createNotification('uploads-finalized', { eventTypes: ['OBJECT_DELETE'] });
      await bucket.file('old').save(bytes(100_000), { resumable: false });
      expect(await after(2)).toEqual(['old']);
      await bucket.file('new').save('x', { resumable: false });
      expect(await after(1)).toEqual(['new']);
      await expect.poll(() => told).toEqual(['OBJECT_DELETE old']);
      expect(await readdir(join(dataDir, 'blobs'))).toEqual([]);
    },
  );

  check(
    'only names with a prefix or a suffix, and more objects than fit into one page',
    'client',
    async () => {
      const { bucket, after } = await startAt();
      await bucket.setMetadata(deleteAfter(1, { matchesPrefix: ['in/'], matchesSuffix: ['.png'] }));
      const many = Array.from({ length: 120 }, (_, index) => `in/${index}.png`);
      const stay = ['in/a.jpg', 'out/a.png'];
      await Promise.all([...many, ...stay].map((name) => bucket.file(name).save('x', { resumable: false })));
      expect(await after(1)).toEqual(stay);
    },
  );

  check(
    'with versioning, a live version is archived first; soft delete keeps what was deleted',
    'client',
    async () => {
      const { bucket, after } = await startAt();
      await bucket.setMetadata({ versioning: { enabled: true }, ...deleteAfter(1) });
      await bucket.file('a').save('x', { resumable: false });
      const versions = async () => (await bucket.getFiles({ versions: true }))[0].length;
      expect([await after(1), await versions()]).toEqual([[], 1]);
      expect([await after(0), await versions()]).toEqual([[], 0]);
      expect((await bucket.getFiles({ softDeleted: true }))[0]).toHaveLength(1);
    },
  );

  check(
    'sessions are forgotten after a week, with what had arrived, or a day after their end',
    'client',
    async () => {
      const { bucket, after, dataDir } = await startAt();
      await bucket.file('a').createResumableUpload();
      expect(await readdir(join(dataDir, 'uploads'))).toHaveLength(1);
      await bucket.file('b').save('x', { resumable: true });
      expect(await readdir(join(dataDir, 'uploads'))).toHaveLength(2);
      await after(6);
      expect(await readdir(join(dataDir, 'uploads'))).toHaveLength(1);
      await after(2);
      expect(await readdir(join(dataDir, 'uploads'))).toEqual([]);
    },
  );
});
