import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { bytes, startTestServer } from '../storage-server/test-server.ts';
import { installModel } from './fetch.ts';
import { openModelSource } from './open-model-source.ts';
import { entryAt, neverQuantise, sumOf } from './testing/entries.ts';

const content = bytes(300_000);
const sha256 = sumOf(content);

/** The project's storage server with one object, found by the client as Google's emulators are. */
async function serveObject(name: string) {
  const started = await startTestServer();
  await started.bucket.file(name).save(content, { resumable: false });
  const before = process.env.STORAGE_EMULATOR_HOST;
  process.env.STORAGE_EMULATOR_HOST = started.server.url;
  onTestFinished(() => {
    if (before === undefined) delete process.env.STORAGE_EMULATOR_HOST;
    else process.env.STORAGE_EMULATOR_HOST = before;
  });
  return started;
}

async function optionsFor(source: string) {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-models-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return { folder, source, quantise: neverQuantise, pauses: [] };
}

test.for(['models/u2netp/u2netp.onnx', 'models/u2netp.onnx'])(
  'a model comes from %s in a bucket',
  async (name) => {
    await serveObject(name);
    const options = await optionsFor('gs://test-bucket/models');
    const { files, source } = await installModel(entryAt('unused', { sha256 }), options);
    expect(files).toEqual([{ name: 'u2netp.onnx', bytes: content.length, sha256 }]);
    expect(source).toBe('gs://test-bucket/models');
  },
);

test('a kept part of the same generation is continued, of another it is not', async () => {
  const { bucket } = await serveObject('u2netp.onnx');
  const source = await openModelSource('gs://test-bucket');
  const entry = entryAt('unused');
  const [file] = entry.files;
  if (!file) throw new Error('The entry has a file.');
  const { signal } = new AbortController();
  const open = (part: { bytes: number; version: string | null }) => source.open('u2netp', file, part, signal);
  const { version, stated } = await open({ bytes: 0, version: null });
  expect(stated).toEqual({ kind: 'MD5', hex: sumOf(content, 'md5') });
  const rest = await open({ bytes: 100_000, version });
  expect(rest.start).toBe(100_000);
  const chunks = [];
  for await (const chunk of rest.content) chunks.push(chunk);
  expect(Buffer.concat(chunks)).toEqual(content.subarray(100_000));
  const [metadata] = await bucket.file('u2netp.onnx').getMetadata();
  await bucket.file('u2netp.onnx').save(content, { resumable: false });
  const again = await open({ bytes: 100_000, version: String(metadata.generation) });
  expect(again.start).toBe(0);
});

test('calling off ends a download from a bucket at once', async () => {
  await serveObject('u2netp.onnx');
  const giveUp = new AbortController();
  const seen: number[] = [];
  const onProgress = ({ done }: { done: number }) => {
    seen.push(done);
    if (done > 0) giveUp.abort(new Error('Enough.'));
  };
  const options = { ...(await optionsFor('gs://test-bucket')), onProgress, signal: giveUp.signal };
  await expect(installModel(entryAt('unused', { sha256 }), options)).rejects.toThrow('Enough.');
  expect(seen.at(-1)).toBeLessThan(content.length);
});

test('an object that is not there is named with every place that was looked at', async () => {
  await serveObject('other');
  const options = await optionsFor('gs://test-bucket/models');
  const call = installModel(entryAt('unused'), options);
  await expect(call).rejects.toThrow(
    'gs://test-bucket/models/u2netp/u2netp.onnx or gs://test-bucket/models/u2netp.onnx does not exist',
  );
});
