import { cp, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { captionPicture, loadCaptioner } from './captioner.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-blip-'));
  await cp(fileURLToPath(new URL('../testing/blip/untied', import.meta.url)), folder, { recursive: true });
});
afterEach(() => rm(folder, { recursive: true }));

const breakages: [name: string, breakIt: () => Promise<void>, sentence: RegExp][] = [
  ['config.json is missing', () => remove('config.json'), /config\.json cannot be read\.$/],
  [
    'config.json is no JSON',
    () => writeFile(path('config.json'), '{"a":'),
    /config\.json is not valid JSON\.$/,
  ],
  [
    'heads do not divide a size',
    () => editConfig('text_config', { num_attention_heads: 7 }),
    /not a multiple/,
  ],
  ['the activation is another', () => editConfig('text_config', { hidden_act: 'relu' }), /hidden_act/],
  [
    'config.json asks for more layers',
    () => editConfig('vision_config', { num_hidden_layers: 9 }),
    /lacks the tensor/,
  ],
  [
    'config.json asks for other sizes',
    () => editConfig('vision_config', { patch_size: 10 }),
    /but config\.json asks for/,
  ],
  ['the weights are missing', () => remove('model.safetensors'), /model\.safetensors cannot be read\.$/],
  ['the weights are cut off', () => truncate(path('model.safetensors'), 200_000), /cut off/],
  ['the header is cut off', () => truncate(path('model.safetensors'), 100), /cut off/],
  ['the weights are empty', () => truncate(path('model.safetensors'), 0), /not a safetensors file/],
  [
    'the weights are something else',
    () => writeFile(path('model.safetensors'), 'a'.repeat(99)),
    /not a safetensors/,
  ],
  ['the header is no JSON', () => overwriteHeader(), /damaged header/],
  [
    'the weights are 16-bit',
    () => rewriteHeader((text) => text.replace(/"F32"/g, '"F16"')),
    /other bytes than its shape/,
  ],
  ['tokenizer.json is missing', () => remove('tokenizer.json'), /tokenizer\.json cannot be read\.$/],
  [
    'tokenizer.json is something else',
    () => writeFile(path('tokenizer.json'), '{}'),
    /does not describe a tokenizer/,
  ],
  [
    'processor_config.json is a list',
    async () => {
      await remove('preprocessor_config.json');
      await writeFile(path('processor_config.json'), '[]');
    },
    /processor_config\.json asks for/,
  ],
  [
    'the picture has another size',
    () => writeFile(path('preprocessor_config.json'), '{"size":{"height":384,"width":384}}'),
    /makes pictures of 384x384/,
  ],
];

test.each(breakages)('says so in one sentence where %s', async (_, breakIt, sentence) => {
  await breakIt();
  const loading = loadCaptioner(folder, 1);
  await expect(loading).rejects.toMatchObject({ name: 'PermanentError', code: 'model_invalid' });
  await expect(loading).rejects.toThrow(sentence);
});

test.each([1, 3])('says so where the weights are no numbers, with %i beams', async (beams) => {
  const bytes = await readFile(path('model.safetensors'));
  // All bits of a float: NaN.
  bytes.fill(0xff, 8 + Number(bytes.readBigUInt64LE()));
  await writeFile(path('model.safetensors'), bytes);
  const captioner = await loadCaptioner(folder, 1);
  const picture = { data: new Uint8Array(3), width: 1, height: 1, channels: 3 };
  const options = { prompt: '', beams, minLength: 5, maxLength: 20, repetitionPenalty: 1 };
  await expect(captionPicture(captioner, picture, options)).rejects.toMatchObject({
    name: 'PermanentError',
    code: 'model_invalid',
  });
  await captioner.release();
});

test('takes the settings of the picture from elsewhere where preprocessor_config.json is missing', async () => {
  await remove('preprocessor_config.json');
  await (await loadCaptioner(folder, 1)).release();
});

function path(name: string): string {
  return join(folder, name);
}

function remove(name: string): Promise<void> {
  return rm(path(name));
}

async function editConfig(part: 'vision_config' | 'text_config', change: object): Promise<void> {
  const config = JSON.parse(await readFile(path('config.json'), 'utf8'));
  Object.assign(config[part], change);
  await writeFile(path('config.json'), JSON.stringify(config));
}

async function overwriteHeader(): Promise<void> {
  const bytes = await readFile(path('model.safetensors'));
  bytes.fill('x', 8, 100);
  await writeFile(path('model.safetensors'), bytes);
}

async function rewriteHeader(rewrite: (text: string) => string): Promise<void> {
  const bytes = await readFile(path('model.safetensors'));
  const end = 8 + Number(bytes.readBigUInt64LE());
  bytes.write(rewrite(bytes.toString('utf8', 8, end)), 8);
  await writeFile(path('model.safetensors'), bytes);
}
