import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test, vi } from 'vitest';
import { asSharp, drawScene } from '../processing/testing/drawings.ts';
import { emptyFolder, runCli } from './testing/run-cli.ts';

/** Starting a child warms up every operation, which takes its time on a busy machine. */
const timeout = 120_000;

const flatNet = fileURLToPath(new URL('../processing/testing/saliency/odd-flat-map.onnx', import.meta.url));

async function drawPicture(path: string): Promise<void> {
  await asSharp(drawScene(64, 48)).toFile(path);
}

test('--json says where the result is; --out decides its format', { timeout }, async () => {
  const folder = await emptyFolder();
  const input = join(folder, 'photo.png');
  const out = join(folder, 'new', '007.webp');
  await drawPicture(input);
  const { code, lines } = await runCli(['process', 'sketch', input, '--json', '--out', out], folder);
  expect(code).toBe(0);
  expect(lines.map((line) => JSON.parse(line))).toEqual([{ out, width: 64, height: 48, model: null }]);
  expect((await readFile(out)).subarray(8, 12).toString()).toBe('WEBP');
});

test('credentials beside the temporary files keep no picture from being made', { timeout }, async () => {
  const folder = await emptyFolder();
  const input = join(folder, 'photo.png');
  const key = join(folder, 'key.json');
  await Promise.all([drawPicture(input), writeFile(key, '{}')]);
  vi.stubEnv('TMPDIR', folder);
  vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', key);
  onTestFinished(() => void vi.unstubAllEnvs());
  const { code, stderr } = await runCli(['process', 'sketch', input], folder);
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  expect(await readdir(folder)).toContain('photo.sketch.png');
});

test('a folder goes on past a bad picture, one line of JSON a file', { timeout }, async () => {
  const folder = await emptyFolder();
  const out = join(folder, 'out');
  for (const name of ['a.jpg', 'c.png']) await drawPicture(join(folder, name));
  await writeFile(join(folder, 'b.png'), 'no picture');
  await writeFile(join(folder, 'notes.txt'), 'no picture, and none by name');
  await writeFile(join(folder, 'a.sketch.png'), 'a result of an earlier run');
  const { code, lines, stderr } = await runCli(['process', 'sketch', folder, '--out', out, '--json'], folder);
  expect(code).toBe(1);
  const [first, second, third, ...others] = lines.map((line) => JSON.parse(line));
  expect(others).toEqual([]);
  expect(first).toMatchObject({ input: join(folder, 'a.jpg'), out: join(out, 'a.sketch.png'), width: 64 });
  expect(second).toMatchObject({ input: join(folder, 'b.png'), error: { code: 'unsupported_type' } });
  expect(third).toMatchObject({ out: join(out, 'c.sketch.png') });
  expect(await readdir(out)).toEqual(['a.sketch.png', 'c.sketch.png']);
  expect(stderr).toContain('1 is left out (a result of an earlier run): a.sketch.png');
  expect(stderr).toContain('1 is left out (not a picture by its name): notes.txt');
  expect(stderr).toContain('3 pictures, of which 1 failed.');
});

test('what is wrong with the command is said before any work, with exit code 2', async () => {
  const folder = await emptyFolder();
  const input = join(folder, 'photo.jpg');
  await drawPicture(input);
  const refusals: [string[], string][] = [
    [['process', 'sketch', input, '--option', 'blur=4'], 'must be odd'],
    [['process', 'sketch', input, '--option', 'blurr=4'], 'has no option named'],
    [['process', 'skitch', input], 'No operation is named "skitch"'],
    [['process', 'sketch', join(folder, 'no.jpg')], 'Nothing is at'],
    [['process', 'sketch'], 'missing required args'],
    [['process', 'sketch', input, '--wrong'], 'Unknown option'],
    [['process', 'sketch', input, '--model-file', input], '--model-file is for remove-background'],
    [['process', 'remove-background', input, '--model-input', 'isnet'], 'name that too'],
    [
      ['process', 'remove-background', input, '--model-file', input, '--model-input', 'yolo'],
      'like must be one of',
    ],
    [['process', 'caption', input, '--model-dir', join(folder, 'no')], 'There is no model at'],
    [['process', 'caption', input, '--model-dir', folder, '--option', 'model=auto'], 'not both'],
    [['process', 'remove-background', input, '--out', join(folder, 'cut-out.jpg')], 'makes no .jpg file'],
    [['frobnicate'], 'is no command of spillway'],
  ];
  for (const [args, words] of refusals) {
    const { code, lines, stderr } = await runCli(args, folder);
    expect({ args, code, lines }).toEqual({ args, code: 2, lines: [] });
    expect(stderr).toContain(words);
  }
  expect(await readdir(folder)).toEqual(['photo.jpg']);
});

test('a model that is not installed is said once, with the command that installs it', async () => {
  const folder = await emptyFolder();
  const input = join(folder, 'photo.jpg');
  await drawPicture(input);
  const { code, stderr } = await runCli(
    ['process', 'remove-background', input, '--option', 'model=u2net'],
    folder,
  );
  expect(code).toBe(1);
  expect(stderr).toContain('npx spillway models fetch u2net');
});

test('a model of one’s own says how it wants its input, or the result says that it is a guess', {
  timeout,
}, async () => {
  const folder = await emptyFolder();
  const input = join(folder, 'photo.png');
  await drawPicture(input);
  // Its map is flat, whatever it is given.
  await copyFile(flatNet, join(folder, 'own.onnx'));
  const cutOut = async (...more: string[]) =>
    await runCli(
      ['process', 'remove-background', input, '--model-file', join(folder, 'own.onnx'), '--json', ...more],
      folder,
    );
  const guessed = await cutOut();
  expect(guessed.code).toBe(0);
  const { notes } = JSON.parse(guessed.lines[0] ?? '');
  expect(notes).toEqual([expect.stringContaining('own.json beside the model')]);
  expect(guessed.stderr).toContain(notes[0]);
  await writeFile(join(folder, 'own.json'), '{ "like": "yolo" }');
  const wrong = await cutOut();
  expect(wrong.code).toBe(1);
  expect(wrong.stderr).toContain(`${join(folder, 'own.json')} does not say how the model wants its input`);
  const stated = await cutOut('--model-input', 'u2net');
  expect(JSON.parse(stated.lines[0] ?? '').notes).toEqual([expect.not.stringContaining('own.json')]);
});

test('help and version', async () => {
  const folder = await emptyFolder();
  const help = await runCli(['--help'], folder);
  expect(help.code).toBe(0);
  expect(help.lines.join('\n')).toContain('remove-background: model, output');
  const version = await runCli(['--version'], folder);
  expect(version.code).toBe(0);
  expect(version.lines[0]).toMatch(/^spillway\/\d/);
});
