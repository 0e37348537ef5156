import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PermanentError, RetryableError } from '@spillway/core/errors.ts';
import { expect, onTestFinished, test } from 'vitest';
import { bytes } from '../storage-server/test-server.ts';
import { quantiseCheckpoint } from './blip/quantise.ts';
import { fetchModel, installModel } from './fetch.ts';
import type { FetchOptions, FetchProgress } from './install-types.ts';
import { openLibrary } from './library.ts';
import { entryAt, neverQuantise, sumOf } from './testing/entries.ts';
import { type FileServer, serveFile } from './testing/file-server.ts';
import { mirrorCheckpoint } from './testing/mirror.ts';
import { verifyModel } from './verify.ts';

const content = bytes(300_000);
const sha256 = sumOf(content);

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-models-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function optionsFor(server?: FileServer): Promise<FetchOptions & { seen: FetchProgress[] }> {
  const seen: FetchProgress[] = [];
  const onProgress = (progress: FetchProgress) => {
    seen.push(progress);
    server?.clientHas(progress.done);
  };
  const folder = await emptyFolder();
  return { folder, source: 'public', quantise: neverQuantise, pauses: [0, 0, 0], onProgress, seen };
}

async function failureOf(promise: Promise<unknown>): Promise<Error> {
  const outcome = await promise.then(
    () => null,
    (error: unknown) => error,
  );
  if (outcome instanceof Error) return outcome;
  throw new Error('It did not fail.');
}

test('a file is fetched, checked, moved into place and found by the library', async () => {
  const server = await serveFile(content);
  const options = await optionsFor(server);
  const installation = await installModel(entryAt(server.url, { sha256 }), options);
  expect(installation.files).toEqual([{ name: 'u2netp.onnx', bytes: content.length, sha256 }]);
  expect(await readFile(join(options.folder, 'u2netp', 'u2netp.onnx'))).toEqual(content);
  expect(options.seen.at(-1)).toEqual({ stage: 'downloading', done: content.length, total: content.length });
  expect(await readdir(join(options.folder, '.partial'))).toEqual([]);
  const model = await openLibrary(options.folder).saliency('u2netp');
  expect(model).toMatchObject({ name: 'u2netp', sha256, builtIn: false, install: null });
  await installModel(entryAt(server.url, { sha256 }), options);
  expect(server.ranges).toHaveLength(1);
});

test('a cut connection is resumed where it broke, as often as needed', async () => {
  const server = await serveFile(content);
  server.troubles.push(
    { cutAfter: 100_000 },
    { cutAfter: 50_000 },
    { cutAfter: 20_000 },
    { cutAfter: 10_000 },
  );
  server.troubles.push({ cutAfter: 10_000 });
  const options = { ...(await optionsFor(server)), pauses: [0] };
  const installation = await installModel(entryAt(server.url, { sha256 }), options);
  expect(installation.files[0]?.sha256).toBe(sha256);
  expect(server.ranges[1]).toBe('bytes=100000-');
  expect(server.ranges.at(-1)).toBe('bytes=190000-');
});

test('a file that was replaced during its download is fetched again, not stitched together', async () => {
  const server = await serveFile(content);
  server.troubles.push({ cutAfter: 100_000 });
  const options = { ...(await optionsFor(server)), pauses: [] };
  const failed = await failureOf(installModel(entryAt(server.url), options));
  expect(failed).toBeInstanceOf(RetryableError);
  const other = bytes(250_000).reverse();
  server.replace(other);
  const { files } = await installModel(entryAt(server.url), options);
  expect(server.ranges).toEqual([null, 'bytes=100000-']);
  expect(files[0]?.sha256).toBe(sumOf(other));
});

test('without a version, or from a server that ignores ranges, the file is fetched from its start', async () => {
  for (const options of [{ versions: false }, { ranges: false }]) {
    const server = await serveFile(content, options);
    server.troubles.push({ cutAfter: 100_000 });
    const { files } = await installModel(entryAt(server.url, { sha256 }), await optionsFor(server));
    expect(files[0]?.sha256).toBe(sha256);
  }
});

test('a whole part that was not yet checked is completed by a refused range', async () => {
  const server = await serveFile(content);
  server.troubles.push({ cutAfter: content.length - 1 });
  const options = { ...(await optionsFor(server)), pauses: [] };
  await failureOf(installModel(entryAt(server.url, { sha256 }), options));
  await writeFile(join(options.folder, '.partial', 'u2netp', 'files', 'u2netp.onnx'), content);
  await installModel(entryAt(server.url, { sha256 }), options);
  expect(server.ranges.at(-1)).toBe(`bytes=${content.length}-`);
});

test('a passing refusal is tried again, a lasting one names address, answer and way out', async () => {
  const server = await serveFile(content);
  server.troubles.push({ status: 500 }, { status: 503 });
  await installModel(entryAt(server.url, { sha256 }), await optionsFor(server));
  expect(server.ranges).toHaveLength(3);

  server.troubles.push(...Array.from({ length: 4 }, () => ({ status: 502 })));
  const tired = await failureOf(installModel(entryAt(server.url, { sha256 }), await optionsFor(server)));
  expect(tired).toBeInstanceOf(RetryableError);
  expect(tired.message).toContain('502 Bad Gateway');

  server.troubles.push({ status: 404 });
  const missing = await failureOf(installModel(entryAt(server.url, { sha256 }), await optionsFor(server)));
  expect(missing).toBeInstanceOf(PermanentError);
  expect(missing.message).toMatch(
    /u2netp.*\/file answered 404 Not Found\..*--from\. The command is: npx spillway models fetch u2netp$/,
  );
  expect(server.ranges).toHaveLength(8);
});

test('a wrong checksum names both sums and leaves nothing behind', async () => {
  const server = await serveFile(content);
  const wrong = '0'.repeat(64);
  const options = await optionsFor(server);
  const failed = await failureOf(installModel(entryAt(server.url, { sha256: wrong }), options));
  expect(failed).toMatchObject({ name: 'PermanentError', code: 'model_invalid' });
  expect(failed.message).toContain(wrong);
  expect(failed.message).toContain(sha256);
  expect(await readdir(join(options.folder, '.partial', 'u2netp', 'files'))).toEqual([]);
  await expect(openLibrary(options.folder).saliency('u2netp')).rejects.toThrow(
    'npx spillway models fetch u2netp',
  );

  const md5 = sumOf(content, 'md5');
  const wrongMd5 = await failureOf(installModel(entryAt(server.url, { md5: '1'.repeat(32) }), options));
  expect(wrongMd5.message).toContain(md5);
  const { files } = await installModel(entryAt(server.url, { md5 }), options);
  expect(files[0]?.sha256).toBe(sha256);
});

test('a kept part that was spoilt on the disk costs one more download, not an error', async () => {
  const server = await serveFile(content);
  server.troubles.push({ cutAfter: 100_000 });
  const options = { ...(await optionsFor(server)), pauses: [] };
  await failureOf(installModel(entryAt(server.url, { sha256 }), options));
  await writeFile(join(options.folder, '.partial', 'u2netp', 'files', 'u2netp.onnx'), Buffer.alloc(90_000));
  await installModel(entryAt(server.url, { sha256 }), options);
  expect(server.ranges).toEqual([null, 'bytes=90000-', null]);
});

test('a refused connection says which host, and what to do', async () => {
  const options = await optionsFor();
  const failed = await failureOf(installModel(entryAt('http://127.0.0.1:1/file'), options));
  expect(failed).toBeInstanceOf(RetryableError);
  expect(failed.message).toMatch(
    /127\.0\.0\.1:1 could not be reached \(.+\)\..*Try again with: npx spillway models fetch u2netp$/,
  );
});

test('calling off ends a download at once and keeps what arrived', async () => {
  const server = await serveFile(content);
  server.troubles.push({ holdAfter: 100_000 });
  const giveUp = new AbortController();
  const options = await optionsFor(server);
  const onProgress = ({ done }: FetchProgress) => done >= 100_000 && giveUp.abort(new Error('Enough.'));
  const call = installModel(entryAt(server.url), { ...options, onProgress, signal: giveUp.signal });
  await expect(call).rejects.toThrow('Enough.');
  const installed = await installModel(entryAt(server.url), options);
  expect(installed.files[0]?.sha256).toBe(sha256);
  expect(server.ranges.at(-1)).toBe('bytes=100000-');
});

test('a connection on which nothing arrives is given up for another', async () => {
  const server = await serveFile(content);
  server.troubles.push({ holdAfter: 100_000 });
  const options = { ...(await optionsFor(server)), stallMs: 300 };
  const { files } = await installModel(entryAt(server.url, { sha256 }), options);
  expect(files[0]?.sha256).toBe(sha256);
  expect(server.ranges).toEqual([null, 'bytes=100000-']);

  server.troubles.push({ holdAfter: 100_000 });
  const impatient = { ...(await optionsFor(server)), pauses: [], stallMs: 300 };
  const failed = await failureOf(installModel(entryAt(server.url), impatient));
  expect(failed).toBeInstanceOf(RetryableError);
  expect(failed.message).toContain('Nothing has arrived for 0.3 s');
});

test('of two that want it in one process, the second goes on when the first is called off', async () => {
  const server = await serveFile(content);
  server.troubles.push({ holdAfter: 100_000 });
  const giveUp = new AbortController();
  const options = await optionsFor(server);
  const waits = Promise.withResolvers<void>();
  const first = installModel(entryAt(server.url, { sha256 }), { ...options, signal: giveUp.signal });
  await expect.poll(() => options.seen.at(-1)?.done).toBe(100_000);
  const second = installModel(entryAt(server.url, { sha256 }), {
    ...options,
    onProgress: ({ stage }) => stage === 'waiting' && waits.resolve(),
  });
  await waits.promise;
  giveUp.abort(new Error('Cancelled.'));
  await expect(first).rejects.toThrow('Cancelled.');
  expect((await second).files[0]?.sha256).toBe(sha256);
  expect(server.ranges).toEqual([null, 'bytes=100000-']);
});

test('a directory serves a checkpoint of several files, and the single file of a net beside its folders', async () => {
  const mirror = await emptyFolder();
  await mirrorCheckpoint(mirror);
  const names = ['model.safetensors', 'config.json', 'tokenizer.json', 'preprocessor_config.json'];
  const options = { ...(await optionsFor()), source: mirror };
  const { files } = await fetchModel('blip-image-captioning-base', options);
  expect(files.map(({ name }) => name)).toEqual(names);
  const model = await openLibrary(options.folder).caption('auto');
  expect(model).toMatchObject({ name: 'blip-image-captioning-base', sha256: files[0]?.sha256 });

  await writeFile(join(mirror, 'u2netp.onnx'), content);
  await installModel(entryAt('unused', { sha256 }), options);
  const missing = await failureOf(fetchModel('silueta', options));
  expect(missing.message).toContain(join(mirror, 'silueta', 'silueta.onnx'));
});

test('what answers in place of a checkpoint is not installed, and not taken for it the next time', async () => {
  const mirror = await emptyFolder();
  const options = { ...(await optionsFor()), source: mirror };
  for (const file of ['model.safetensors', 'tokenizer.json']) {
    await mirrorCheckpoint(mirror);
    await writeFile(join(mirror, 'blip-image-captioning-base', file), '<html>Log in to the network</html>');
    const names = ['blip-image-captioning-base', 'blip-image-captioning-base-int8'] as const;
    for (const name of names) {
      const refused = await failureOf(fetchModel(name, options));
      expect(refused).toMatchObject({ name: 'PermanentError', code: 'model_invalid' });
      expect(refused.message).toContain(file);
    }
  }
  await mirrorCheckpoint(mirror);
  await fetchModel('blip-image-captioning-base', options);
});

test('the quantised model is made of an installed base, or of one fetched for it', async () => {
  const mirror = await emptyFolder();
  await mirrorCheckpoint(mirror);
  const options = await optionsFor();
  const made = { ...options, source: mirror, quantise: quantiseCheckpoint };
  const first = await fetchModel('blip-image-captioning-base-int8', made);
  expect(first.files.map(({ name }) => name)).toEqual([
    'config.json',
    'model.safetensors',
    'preprocessor_config.json',
    'tokenizer.json',
  ]);
  expect(options.seen.at(-1)).toEqual({ stage: 'quantising', done: 1_000, total: 1_000 });
  expect((await readdir(options.folder)).sort()).toEqual([
    '.partial',
    '.pinned',
    'blip-image-captioning-base-int8',
  ]);
  const chosen = await openLibrary(options.folder).caption('auto');
  expect(chosen).toMatchObject({
    name: 'blip-image-captioning-base-int8',
    sha256: first.files[1]?.sha256,
  });
  expect(await verifyModel('blip-image-captioning-base-int8', options.folder)).toMatchObject({
    kind: 'sound',
  });

  await fetchModel('blip-image-captioning-base', made);
  await rm(join(options.folder, 'blip-image-captioning-base-int8'), { recursive: true });
  await rm(mirror, { recursive: true });
  await fetchModel('blip-image-captioning-base-int8', made);
});

test('a folder that cannot be written, and a source that is closed, are said in one sentence', async () => {
  const folder = await emptyFolder();
  await writeFile(join(folder, 'file'), '');
  const options = { ...(await optionsFor()), folder: join(folder, 'file', 'models') };
  const blocked = await failureOf(installModel(entryAt('http://127.0.0.1:1/'), options));
  expect(blocked.message).toContain('SPILLWAY_MODELS_DIR');
  const nowhere = { ...(await optionsFor()), source: 'https://example.com/models' };
  expect((await failureOf(fetchModel('u2netp', nowhere))).message).toContain('is no source of models');
  const closed = await failureOf(fetchModel('u2netp', { ...(await optionsFor()), source: 'none' }));
  expect(closed).toMatchObject({ code: 'model_missing' });
});

test('damage is found: a shorter file by the library, changed bytes by verify; fetching mends', async () => {
  const server = await serveFile(content);
  const options = await optionsFor(server);
  const entry = entryAt(server.url);
  await installModel(entry, options);
  const path = join(options.folder, 'u2netp', 'u2netp.onnx');
  await writeFile(path, content.subarray(1));
  await expect(openLibrary(options.folder).saliency('u2netp')).rejects.toMatchObject({
    code: 'model_invalid',
  });
  await installModel(entry, options);
  expect(await readFile(path)).toEqual(content);
  await writeFile(path, Buffer.alloc(content.length));
  const verification = await verifyModel('u2netp', options.folder);
  expect(verification).toMatchObject({
    kind: 'damaged',
    problem: expect.stringContaining(sumOf(Buffer.alloc(content.length))),
  });
});

test('a failure is not tried again by those who ask not to, for a while, and a success forgets it', async () => {
  const server = await serveFile(content);
  const folder = await emptyFolder();
  server.troubles.push({ status: 404 });
  const entry = entryAt(server.url, { sha256 });
  const options = { folder, source: 'public', quantise: neverQuantise, pauses: [] };
  const first = await installModel(entry, options).catch((error: unknown) => error);
  const second = installModel(entry, { ...options, notAgainForMs: 60_000 });
  await expect(second).rejects.toMatchObject({ code: 'model_missing', message: (first as Error).message });
  expect(server.ranges).toHaveLength(1);
  // A person's own command tries at once.
  await installModel(entry, options);
  expect(server.ranges).toHaveLength(2);
});

test('those who wait for an installation that fails, fail with it', async () => {
  const server = await serveFile(content);
  const folder = await emptyFolder();
  server.troubles.push({ status: 404 }, { status: 404 }, { status: 404 });
  const entry = entryAt(server.url, { sha256 });
  const options = { folder, source: 'public', quantise: neverQuantise, pauses: [], notAgainForMs: 60_000 };
  const all = await Promise.allSettled([1, 2, 3].map(() => installModel(entry, options)));
  expect(all.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  expect(server.ranges).toHaveLength(1);
});

test('a file that nobody published a sum of is pinned, and later downloads have to bring the same', async () => {
  const server = await serveFile(content);
  const options = await optionsFor(server);
  const entry = entryAt(server.url);
  await installModel(entry, options);
  const remove = () => rm(join(options.folder, 'u2netp'), { recursive: true });
  await remove();
  await installModel(entry, options);
  await remove();
  const other = bytes(250_000).reverse();
  server.replace(other);
  const refused = await failureOf(installModel(entry, options));
  expect(refused).toMatchObject({ name: 'PermanentError', code: 'model_invalid' });
  expect(refused.message).toContain(`is ${sumOf(other)} and should be ${sha256}, as it was pinned`);
  // A mirror is held to it as well.
  const mirror = await emptyFolder();
  await writeFile(join(mirror, 'u2netp.onnx'), other);
  const mirrored = await failureOf(installModel(entry, { ...options, source: mirror }));
  expect(mirrored.message).toContain('as it was pinned at its first download');
  const path = /remove (\S+\.json)\)/.exec(refused.message)?.[1] ?? '';
  await writeFile(path, 'no pin');
  expect((await failureOf(installModel(entry, options))).message).toContain(`${path} is not readable`);
  await rm(path);
  const { files } = await installModel(entry, options);
  expect(files[0]?.sha256).toBe(sumOf(other));
});

test('what an earlier attempt completed is checked again before it is installed', async () => {
  const mirror = await emptyFolder();
  await mirrorCheckpoint(mirror);
  const options = { ...(await optionsFor()), source: mirror };
  const giveUp = new AbortController();
  const onProgress = () => giveUp.abort(new Error('Enough.'));
  const quantise = async () => onProgress();
  await failureOf(
    fetchModel('blip-image-captioning-base-int8', { ...options, quantise, signal: giveUp.signal }),
  );
  const kept = join(options.folder, '.partial', 'blip-image-captioning-base-int8', 'files');
  const tokenizer = join(kept, 'tokenizer.json');
  await writeFile(tokenizer, (await readFile(tokenizer, 'utf8')).replace('"version"', '"edition"'));
  const again = await fetchModel('blip-image-captioning-base-int8', {
    ...options,
    quantise: quantiseCheckpoint,
  });
  const original = await readFile(join(mirror, 'blip-image-captioning-base', 'tokenizer.json'));
  expect(again.files.find(({ name }) => name === 'tokenizer.json')?.sha256).toBe(sumOf(original));
});

test('a checkpoint whose small files were changed is not loaded', async () => {
  const mirror = await emptyFolder();
  await mirrorCheckpoint(mirror);
  const options = { ...(await optionsFor()), source: mirror };
  await fetchModel('blip-image-captioning-base', options);
  const folder = join(options.folder, 'blip-image-captioning-base');
  const library = openLibrary(options.folder);
  await library.caption('auto');
  const config = await readFile(join(folder, 'config.json'), 'utf8');
  await writeFile(join(folder, 'config.json'), config.replace(/\d/, '9'));
  await expect(library.caption('auto')).rejects.toThrow(
    /the SHA-256 of config\.json is .* Remove its folder/,
  );
  await writeFile(join(folder, 'config.json'), config);
  const receipt = await readFile(join(folder, 'installed.json'), 'utf8');
  await writeFile(join(folder, 'installed.json'), receipt.replace(/[0-9a-f]{64}/, '0'.repeat(64)));
  await expect(library.caption('auto')).rejects.toThrow('was pinned as');
});
