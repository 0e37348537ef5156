import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, onTestFinished, test } from 'vitest';
import { installModel } from './fetch.ts';
import type { FetchProgress } from './install-types.ts';
import type { ModelFile } from './manifest.ts';
import { publicSource } from './public-source.ts';
import { entryAt, neverQuantise, sumOf } from './testing/entries.ts';
import { serveFile } from './testing/file-server.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

test('a file that is read some time after it was opened is there in full', async () => {
  const content = Buffer.alloc(400_000, 7);
  const server = await serveFile(content);
  const entry = entryAt(server.url);
  const [file] = entry.files;
  if (!file) throw new Error('The entry has no file.');
  const nothing = { bytes: 0, version: null };
  const opened = await publicSource.open(entry.name, file, nothing, new AbortController().signal);
  // What runs after a collection, such as the cancelling of forgotten responses, has had its turn then.
  for (let round = 0; round < 5; round++) {
    collectGarbage();
    await nextTurn();
  }
  const parts: Uint8Array[] = [];
  for await (const part of opened.content) parts.push(part);
  expect(Buffer.concat(parts)).toEqual(content);
});

test('a sum that the publisher states on the way is checked', async () => {
  const content = Buffer.alloc(40_000, 7);
  const folder = await mkdtemp(join(tmpdir(), 'spillway-models-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const options = { folder, source: 'public', quantise: neverQuantise, pauses: [] };
  const serve = (sum: string) => serveFile(content, { redirect: { 'x-linked-etag': `"${sum}"` } });
  const wrong = await serve('0'.repeat(64));
  await expect(installModel(entryAt(wrong.url), options)).rejects.toThrow(
    `its SHA-256 is ${sumOf(content)} and should be ${'0'.repeat(64)}, as public says`,
  );
  const right = await serve(sumOf(content));
  right.troubles.push({ cutAfter: 10_000 });
  const onProgress = ({ done }: FetchProgress) => right.clientHas(done);
  const { files } = await installModel(entryAt(right.url), { ...options, pauses: [0], onProgress });
  expect(files[0]?.sha256).toBe(sumOf(content));
  expect(right.ranges).toEqual([null, 'bytes=10000-']);
});

test('addresses that lead to each other come to an end', async () => {
  const server = await serveFile(Buffer.from('never seen'), { redirect: { location: '/file' } });
  const entry = entryAt(server.url);
  const nothing = { bytes: 0, version: null };
  const opening = publicSource.open(
    entry.name,
    entry.files[0] as ModelFile,
    nothing,
    AbortSignal.timeout(60_000),
  );
  await expect(opening).rejects.toThrow('leads from address to address without end');
});
