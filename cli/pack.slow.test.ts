import { cp, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type InstalledPackage, installPackage } from './testing/installed-package.ts';

const sample = fileURLToPath(new URL('../web/public/samples/cat.jpg', import.meta.url));
const plugin = fileURLToPath(new URL('../examples/thumbnail', import.meta.url));

/** Only ends what hangs: npm may have to fetch every package. Milliseconds. */
const installLimitMs = 15 * 60_000;

let folder: string;
let packed: string[];
let elsewhere: string;
let installed: InstalledPackage;

function inEmptyFolder(command: string, ...args: string[]): Promise<string> {
  return installed.run(command, args, {
    SPILLWAY_MODELS_DIR: join(folder, 'no-models'),
    SPILLWAY_OPERATIONS: './thumbnail',
  });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-pack-'));
  installed = await installPackage(folder);
  ({ packed, elsewhere } = installed);
  await cp(sample, join(elsewhere, 'cat.jpg'));
  await cp(plugin, join(elsewhere, 'thumbnail'), { recursive: true });
}, installLimitMs);

afterAll(() => rm(folder, { recursive: true, force: true }));

test('the package holds the program, its built-in models and its licences, and nothing else', () => {
  const carried = packed.filter((path) => path.startsWith('node_modules/'));
  expect(carried.filter((path) => !/^node_modules\/onnxruntime-(common|node)\//.test(path))).toEqual([]);
  expect(
    carried.filter((path) => !/[.](js|json|node|so[.]1|dylib)$/.test(path) && !path.endsWith('README.md')),
  ).toEqual([]);
  expect(carried.filter((path) => /win32|cuda|tensorrt/i.test(path))).toEqual([]);
  const own = packed.filter((path) => !carried.includes(path));
  expect(own.filter((path) => !path.endsWith('.js'))).toEqual([
    'LICENSE',
    'NOTICE',
    'README.md',
    'built-in/captioner/config.json',
    'built-in/captioner/generation_config.json',
    'built-in/captioner/model.safetensors',
    'built-in/captioner/preprocessor_config.json',
    'built-in/captioner/tokenizer.json',
    'built-in/salient.onnx',
    'npm-shrinkwrap.json',
    'package.json',
  ]);
  expect(own).toEqual(
    expect.arrayContaining(['bin.js', 'spillway.js', 'child-entry.js', 'grab-cut-worker.js']),
  );
});

test('its installation runs no script that downloads or compiles', async () => {
  const lock = JSON.parse(await readFile(join(elsewhere, 'node_modules/.package-lock.json'), 'utf8'));
  const withScript = Object.entries<{ hasInstallScript?: boolean }>(lock.packages)
    .filter(([, { hasInstallScript }]) => hasInstallScript)
    .map(([place]) => place);
  // protobufjs looks at the version ranges of the project that depends on it, and does nothing else.
  expect(withScript).toEqual(['node_modules/protobufjs']);
  const native = await readdir(
    join(elsewhere, 'node_modules/spillway/node_modules/onnxruntime-node/bin/napi-v6'),
  );
  expect(native.sort()).toEqual(['darwin', 'linux']);
});

test('npx spillway explains itself', async () => {
  expect(await inEmptyFolder('npx', 'spillway', '--help')).toContain('process <operation> <input>');
});

test('npx spillway draws a sketch in a child process', async () => {
  await inEmptyFolder('npx', 'spillway', 'process', 'sketch', 'cat.jpg', '--out', 'sketch.png');
  const { width, height, format } = await sharp(join(elsewhere, 'sketch.png')).metadata();
  expect({ width, height, format }).toEqual({ width: 1000, height: 750, format: 'png' });
});

test('npx spillway cuts out and captions with the built-in models', async () => {
  await inEmptyFolder('npx', 'spillway', 'process', 'remove-background', 'cat.jpg', '--out', 'cut-out.png');
  expect((await stat(join(elsewhere, 'cut-out.png'))).size).toBeGreaterThan(10_000);
  const printed = await inEmptyFolder('npx', 'spillway', 'process', 'caption', 'cat.jpg', '--json');
  expect(JSON.parse(printed)).toMatchObject({
    caption: expect.stringMatching(/\w+ \w+/),
    model: { builtIn: true },
  });
});

test('npx spillway runs a plug-in, which imports what the package provides', async () => {
  await inEmptyFolder('npx', 'spillway', 'process', 'thumbnail', 'cat.jpg', '--out', 'small.jpg');
  const { width, height } = await sharp(join(elsewhere, 'small.jpg')).metadata();
  expect({ width, height }).toEqual({ width: 256, height: 192 });
});
