import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { durableIn, shared } from './durability.ts';
import { bytes, startTestServer } from './test-server.ts';

test('a sync that runs is none for who comes later, and one serves all who wait', async () => {
  const runs: PromiseWithResolvers<void>[] = [];
  const sync = shared(() => {
    const run = Promise.withResolvers<void>();
    runs.push(run);
    return run.promise;
  });
  const ended: string[] = [];
  const wait = (name: string) => sync().then(() => ended.push(name));
  const first = wait('first');
  await expect.poll(() => runs.length).toBe(1);
  const later = [wait('second'), wait('third')];
  expect(runs).toHaveLength(1);
  runs[0]?.resolve();
  await first;
  expect(ended).toEqual(['first']);
  await expect.poll(() => runs.length).toBe(2);
  const last = wait('last');
  runs[1]?.resolve();
  await Promise.all(later);
  expect(ended).toEqual(['first', 'second', 'third']);
  await expect.poll(() => runs.length).toBe(3);
  runs[2]?.resolve();
  await last;
});

test('who waits for a sync that fails hears of it, and the next one is tried', async () => {
  let runs = 0;
  const first = Promise.withResolvers<void>();
  const sync = shared(async () => {
    if (++runs === 1) await first.promise;
  });
  const failing = sync();
  await expect.poll(() => runs).toBe(1);
  const next = sync();
  first.reject(new Error('The disk failed.'));
  const outcomes = await Promise.allSettled([failing, next]);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  await sync();
  expect(runs).toBe(3);
});

test('an object is answered after its bytes and its record are on the disk, in this order', async () => {
  const asked: string[] = [];
  const gate = Promise.withResolvers<void>();
  const durability = {
    ofFile: async (path: string) => void asked.push(path.includes('incoming') ? 'bytes' : path),
    ofCommits: async () => {
      asked.push('commits');
      await gate.promise;
    },
  };
  const { bucket } = await startTestServer({ durability });
  asked.length = 0;
  let answered = false;
  const saving = bucket
    .file('picture')
    .save(bytes(50_000), { resumable: false })
    .then(() => {
      answered = true;
    });
  await expect.poll(() => asked).toEqual(['bytes', 'commits']);
  expect(answered).toBe(false);
  gate.resolve();
  await saving;
});

test('an object that is refused leaves nothing behind', async () => {
  const { bucket, dataDir } = await startTestServer({
    durability: { ofFile: async () => {}, ofCommits: async () => {} },
  });
  const refused = bucket
    .file('picture')
    .save(bytes(50_000), { resumable: false, preconditionOpts: { ifGenerationMatch: 1 } });
  await expect(refused).rejects.toMatchObject({ code: 412 });
  const left = await Promise.all(['incoming', 'blobs'].map((folder) => readdir(join(dataDir, folder))));
  expect(left).toEqual([[], []]);
});

test.each([
  ['in the database', 100],
  ['in a file', 50_000],
  ['written as it comes', 1_000_000],
])('small and large objects are taken with a real disk: %s', async (_, size) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'durable-'));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const { bucket, restart } = await startTestServer({ dataDir, durability: durableIn(dataDir) });
  const content = bytes(size);
  for (const resumable of [false, true]) {
    await bucket.file(`picture-${resumable}`).save(content, { resumable });
  }
  const after = await restart({ dataDir });
  for (const resumable of [false, true]) {
    const [read] = await after.bucket.file(`picture-${resumable}`).download();
    expect(read.equals(content)).toBe(true);
  }
});
