import { signal } from '@preact/signals';
import type { Upload } from '@spillway/web/api/schema.ts';
import { expect, it } from 'vitest';
import { sampleUpload } from '../batches/sample-upload.ts';
import type { FileUpload, UploadPhase } from './file-upload.ts';
import type { KeptUpload, KeptUploads } from './kept-uploads.ts';
import type { Tab } from './tab.ts';
import { createUploadKeeper, type FoundUpload } from './upload-keeper.ts';

/** A browser with tabs, which ends them when a test says so. The database itself is tested in a real one. */
function createBrowserOfTabs() {
  const records = new Map<string, KeptUpload>();
  const files = new Map<string, File>();
  const waiting = new Map<string, { by: string; act: () => Promise<void> }[]>();
  const listeners = new Set<(tab: string) => void>();
  const ended = new Set<string>();
  const faults = { putFile: false };
  const store: KeptUploads = {
    all: async () => [...records.values()],
    put: async (record) => void records.set(record.key, record),
    file: async ({ key }) => files.get(key) ?? null,
    async putFile(key, file) {
      if (faults.putFile) throw new DOMException('No room.', 'QuotaExceededError');
      files.set(key, file);
    },
    async remove(keys) {
      for (const key of keys) {
        records.delete(key);
        files.delete(key);
      }
    },
    async clear() {
      records.clear();
      files.clear();
    },
  };
  const tab = (id: string): Tab => ({
    id,
    afterEndOf(other, act) {
      if (ended.has(other)) void act();
      else waiting.set(other, [...(waiting.get(other) ?? []), { by: id, act }]);
    },
    announce() {
      for (const listener of listeners) listener(id);
    },
    onAnnounced: (listener) => void listeners.add(listener),
    announceEnd() {},
    onEnd() {},
  });
  /** Locks go to one waiting tab after the other. */
  const end = async (id: string) => {
    ended.add(id);
    for (const { by, act } of waiting.get(id) ?? []) if (!ended.has(by)) await act();
  };
  let now = Date.UTC(2026, 0, 1, 13);
  const room = { used: 0, most: 10_000 };
  const keeperOf = (id: string) =>
    createUploadKeeper({ store, tab: tab(id), estimate: async () => room, now: () => now });
  return { records, files, faults, room, keeperOf, end, later: (ms: number) => (now += ms) };
}

function movingUpload(key: string) {
  const phase = signal<UploadPhase>({ kind: 'waiting', held: false });
  const session = signal<Upload | null>(null);
  const upload: FileUpload = { ...sampleUpload({ key }), phase, session };
  return { upload, phase, session };
}

const session: Upload = {
  uploadId: 'u',
  batchId: 'b',
  objectName: 'o',
  protocol: 'gcs-resumable',
  sessionUrl: 'http://storage.test/session',
};

it('keeps an upload with its session until it has arrived, and then nothing of it', async () => {
  const { records, files, keeperOf } = createBrowserOfTabs();
  const keeper = keeperOf('one');
  const { upload, phase, session: opened } = movingUpload('a');
  keeper.keep(upload);
  await expect.poll(() => files.size).toBe(1);
  expect(keeper.safe.value).toEqual(new Set(['a']));
  opened.value = session;
  await expect.poll(() => records.get('a')?.session).toEqual(session);
  phase.value = { kind: 'sending', sent: 3, interrupted: false };
  phase.value = { kind: 'failed', message: 'The connection broke too often.', passing: true };
  await expect.poll(() => records.get('a')).toMatchObject({ tab: 'one', name: 'cat.jpg', index: 0 });
  phase.value = { kind: 'sent' };
  await expect.poll(() => [records.size, files.size, keeper.safe.value.size]).toEqual([0, 0, 0]);
});

it('hands what a tab has left behind to one other tab, whether that was open before or after', async () => {
  const { keeperOf, end, records } = createBrowserOfTabs();
  const found: [string, FoundUpload[]][] = [];
  const open = async (id: string) => {
    const keeper = keeperOf(id);
    await keeper.takeOver((more) => found.push([id, more]));
    return keeper;
  };
  await open('before');
  const crashing = await open('crashing');
  const { upload, session: opened } = movingUpload('a');
  crashing.keep(upload);
  opened.value = session;
  await expect.poll(() => crashing.safe.value.size).toBe(1);
  await expect.poll(() => records.get('a')?.session).toEqual(session);
  await open('after');
  expect(found).toEqual([]);
  await end('crashing');
  expect(found).toEqual([
    ['before', [{ record: { ...records.get('a'), tab: 'before' }, file: upload.file }]],
  ]);
  await end('before');
  expect(found.map(([id]) => id)).toEqual(['before', 'after']);
});

it('says which uploads are not safe where the browser has no room, and keeps their session', async () => {
  const { keeperOf, room, faults, files, records, end } = createBrowserOfTabs();
  const keeper = keeperOf('one');
  room.used = 9_000;
  keeper.keep(movingUpload('full').upload);
  room.used = 0;
  await expect.poll(() => records.has('full')).toBe(true);
  faults.putFile = true;
  keeper.keep(movingUpload('refused').upload);
  await expect.poll(() => records.has('refused')).toBe(true);
  faults.putFile = false;
  keeper.keep(movingUpload('kept').upload);
  await expect.poll(() => [...files.keys()]).toContain('kept');
  expect(keeper.safe.value.has('refused')).toBe(false);
  const found: FoundUpload[] = [];
  await keeperOf('two').takeOver((more) => found.push(...more));
  await end('one');
  const byKey = Object.fromEntries(found.map(({ record, file }) => [record.key, file !== null]));
  expect(byKey).toMatchObject({ refused: false, kept: true });
});

it('forgets what is older than its session, and what is given up', async () => {
  const { keeperOf, later, records, end } = createBrowserOfTabs();
  const keeper = keeperOf('one');
  const { upload, phase } = movingUpload('given up');
  keeper.keep(upload);
  keeper.keep(movingUpload('old').upload);
  await expect.poll(() => keeper.safe.value.size).toBe(2);
  phase.value = { kind: 'cancelled' };
  await expect.poll(() => [...records.keys()]).toEqual(['old']);
  // It is sent again after all.
  phase.value = { kind: 'waiting', held: false };
  await expect.poll(() => keeper.safe.value.size).toBe(2);
  later(7 * 24 * 3_600_000);
  const found: FoundUpload[] = [];
  await keeperOf('two').takeOver((more) => found.push(...more));
  await end('one');
  expect([found, records.size]).toEqual([[], 0]);
});
