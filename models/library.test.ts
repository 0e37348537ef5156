import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nonCommercialModels } from '@spillway/core/models.ts';
import { expect, onTestFinished, test } from 'vitest';
import { manifest } from './entries.ts';
import { openLibrary, openModels } from './library.ts';
import { modelToFetch } from './model-to-fetch.ts';
import { modelsFolderFrom, modelsSourceFrom } from './settings.ts';
import { sumOf } from './testing/entries.ts';

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-models-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** An installation as `fetch` leaves one. */
async function pretendInstalled(folder: string, name: string): Promise<void> {
  const file = `${name}.onnx`;
  await mkdir(join(folder, name), { recursive: true });
  await writeFile(join(folder, name, file), name);
  const files = [{ name: file, bytes: name.length, sha256: sumOf(Buffer.from(name)) }];
  const receipt = { name, source: 'public', installedAt: new Date(0).toISOString(), files };
  await writeFile(join(folder, name, 'installed.json'), JSON.stringify(receipt));
}

test('auto takes the best that is installed, and sees a new one at once', async () => {
  const folder = await emptyFolder();
  const library = openLibrary(folder);
  const chosen = async () => (await library.saliency('auto')).name;
  await pretendInstalled(folder, 'u2net_human_seg');
  await pretendInstalled(folder, 'silueta');
  expect(await chosen()).toBe('silueta');
  await pretendInstalled(folder, 'u2netp');
  expect(await chosen()).toBe('u2netp');
  await pretendInstalled(folder, 'isnet-general-use');
  expect(await chosen()).toBe('isnet-general-use');
  await pretendInstalled(folder, 'u2net');
  expect(await chosen()).toBe('u2net');
  expect((await library.saliency('isnet-general-use')).input.side).toBe(1024);
});

test('a model that is not installed is named with the command that installs it', async () => {
  const library = openLibrary(await emptyFolder());
  await expect(library.saliency('u2net')).rejects.toMatchObject({
    code: 'model_missing',
    message: expect.stringContaining('npx spillway models fetch u2net'),
  });
  await expect(library.caption('blip-image-captioning-base')).rejects.toMatchObject({
    message: expect.stringContaining('npx spillway models fetch blip-image-captioning-base'),
  });
  await expect(library.caption('u2net')).rejects.toMatchObject({ code: 'model_missing' });
});

test('a folder without a receipt does not count', async () => {
  const folder = await emptyFolder();
  await pretendInstalled(folder, 'u2net');
  await rm(join(folder, 'u2net', 'installed.json'));
  await expect(openLibrary(folder).saliency('u2net')).rejects.toMatchObject({ code: 'model_missing' });
});

test('files of one’s own take the place of every model; a known name brings its normalisation', async () => {
  const folder = await emptyFolder();
  const saliencyFile = join(folder, 'isnet-general-use.onnx');
  await writeFile(saliencyFile, 'net');
  const own = openModels({ folder, saliencyFile });
  expect(await own.saliency('u2net')).toMatchObject({
    name: 'isnet-general-use.onnx',
    path: saliencyFile,
    sha256: sumOf(Buffer.from('net')),
    input: { side: 1024 },
  });
  const other = join(folder, 'other.onnx');
  await writeFile(other, 'net');
  expect((await openModels({ folder, saliencyFile: other }).saliency('auto')).input.side).toBeNull();
  const nowhere = openModels({ folder, saliencyFile: join(folder, 'no.onnx') });
  await expect(nowhere.saliency('auto')).rejects.toThrow(
    `There is no model file at ${join(folder, 'no.onnx')}.`,
  );

  const captionDirectory = join(folder, 'checkpoint');
  await mkdir(captionDirectory);
  for (const name of ['config.json', 'tokenizer.json']) await writeFile(join(captionDirectory, name), '{}');
  const checkpoint = openModels({ folder, captionDirectory });
  await expect(checkpoint.caption('auto')).rejects.toThrow('has no model.safetensors');
  await writeFile(join(captionDirectory, 'model.safetensors'), 'weights');
  expect(await checkpoint.caption('auto')).toMatchObject({
    name: 'checkpoint',
    path: captionDirectory,
    sha256: sumOf(Buffer.from('weights')),
  });
});

test('a file of the manifest is known by its name, here or at its publisher; any other is a guess', async () => {
  const folder = await emptyFolder();
  const named = async (name: string) => {
    await writeFile(join(folder, name), 'net');
    return await openModels({ folder, saliencyFile: join(folder, name) }).saliency('auto');
  };
  expect(await named('u2net_cloth_seg.onnx')).toMatchObject({ output: 'clothes', isGuess: false });
  const lite = await named('BiRefNet-general-bb_swin_v1_tiny-epoch_232.onnx');
  expect(lite).toMatchObject({ output: 'logits', isGuess: false, notice: null });
  const bria = await named('bria-rmbg-2.0.onnx');
  expect(bria.notice).toContain('CC-BY-NC-4.0) forbids commercial use');
  expect(await named('other.onnx')).toMatchObject({ output: 'map', isGuess: true, input: { side: null } });
});

test('how a model wants its input is read beside it, or stated; what is no statement is refused', async () => {
  const folder = await emptyFolder();
  const saliencyFile = join(folder, 'net.onnx');
  await writeFile(saliencyFile, 'net');
  const ask = async (settings = {}) =>
    await openModels({ folder, saliencyFile, ...settings }).saliency('auto');
  await writeFile(join(folder, 'net.json'), '{ "like": "isnet", "side": 512 }');
  const expected = {
    input: { side: 512, mean: [0.5, 0.5, 0.5], std: [1, 1, 1] },
    output: 'map',
    isGuess: false,
  };
  expect(await ask()).toMatchObject(expected);
  const saliencyStatement = { mean: [0.1, 0.2, 0.3], std: 2, output: 'logits' };
  expect(await ask({ saliencyStatement })).toMatchObject({
    input: { side: null, mean: [0.1, 0.2, 0.3], std: [2, 2, 2] },
    output: 'logits',
    isGuess: false,
  });
  const refused: [string, string][] = [
    ['{ "side": 1024 }', 'needs the name of a form, or both mean and std'],
    ['{ "like": "isnet", "std": 0 }', 'std'],
    ['{ "like": "yolo" }', 'like must be one of'],
    ['{ "like": "isnet", "sides": 3 }', 'sides'],
    ['no JSON', 'does not say how the model wants its input'],
  ];
  for (const [text, words] of refused) {
    await writeFile(join(folder, 'net.json'), text);
    await expect(ask()).rejects.toMatchObject({
      code: 'model_invalid',
      message: expect.stringContaining(words),
    });
  }
});

test('auto never takes what may not be used commercially, nor what fails on most pictures', async () => {
  const folder = await emptyFolder();
  for (const { name, kind } of manifest) {
    if (kind !== 'saliency') continue;
    if (!['u2net', 'isnet-general-use', 'u2netp', 'silueta'].includes(name))
      await pretendInstalled(folder, name);
  }
  expect((await openLibrary(folder).saliency('auto')).name).toBe('built-in-salient');
  const asked = await openLibrary(folder).saliency('bria-rmbg');
  expect(asked.notice).toContain('forbids commercial use');
});

test('a job needs a fetch only for a model that it names and that is not there', async () => {
  const folder = await emptyFolder();
  const settings = { folder };
  const ask = (model: unknown, source = 'public') =>
    modelToFetch('remove-background', { model }, settings, source);
  expect(await ask('u2netp')).toBe('u2netp');
  expect(await ask('u2netp', 'none')).toBeNull();
  expect(await ask('auto')).toBeNull();
  expect(await ask('built-in')).toBeNull();
  expect(await modelToFetch('sketch', {}, settings, 'public')).toBeNull();
  const own = { folder, saliencyFile: '/own.onnx' };
  expect(await modelToFetch('remove-background', { model: 'u2netp' }, own, 'public')).toBeNull();
  await pretendInstalled(folder, 'u2netp');
  expect(await ask('u2netp')).toBeNull();
});

test('the model folder follows SPILLWAY_MODELS_DIR, then XDG_CACHE_HOME', () => {
  expect(modelsFolderFrom({ SPILLWAY_MODELS_DIR: '/models', XDG_CACHE_HOME: '/cache' })).toBe('/models');
  expect(modelsFolderFrom({ XDG_CACHE_HOME: '/cache' })).toBe('/cache/spillway/models');
  expect(modelsFolderFrom({ XDG_CACHE_HOME: 'relative' })).toMatch(/\/\.cache\/spillway\/models$/);
  expect(modelsSourceFrom({})).toBe('public');
  expect(modelsSourceFrom({ SPILLWAY_MODELS_SOURCE: 'gs://mine/models' })).toBe('gs://mine/models');
});

test('the manifest names every model once, with licence and checkable files', () => {
  expect(new Set(manifest.map(({ name }) => name)).size).toBe(manifest.length);
  for (const { name, licence, files, kind } of manifest) {
    if (nonCommercialModels.includes(name)) expect(licence).toMatch(/-NC-/);
    else expect(licence).not.toMatch(/NC/);
    expect(licence).not.toBe('');
    for (const file of files) {
      expect(file.url).toMatch(/^https:\/\//);
      if (kind === 'saliency') expect(file.sha256).toMatch(/^[0-9a-f]{64}$/);
    }
  }
});
