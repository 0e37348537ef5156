import { link, mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { asSharp, drawScene } from '../processing/testing/drawings.ts';
import { findInput } from './input.ts';
import { destinationOf, readOut } from './result-target.ts';
import { emptyFolder, runCli } from './testing/run-cli.ts';
import { spawnCli } from './testing/spawn-cli.ts';

const timeout = 120_000;

let folder: string;
let photo: string;
beforeEach(async () => {
  folder = await emptyFolder();
  photo = join(folder, 'photo.png');
  await asSharp(drawScene(64, 48)).toFile(photo);
});

const at = (name: string): string => join(folder, name);

test('--out onto the input is refused by whatever name, and the input stays', async () => {
  const before = await readFile(photo);
  await link(photo, at('hard.png'));
  await symlink('photo.png', at('soft.png'));
  await mkdir(at('sub'));
  for (const out of [photo, at('hard.png'), at('soft.png'), at('sub/../photo.png')]) {
    const { code, stderr } = await runCli(['process', 'sketch', photo, '--out', out], folder);
    expect({ out, code }).toEqual({ out, code: 2 });
    expect(stderr).toContain('that is the input');
  }
  expect((await readFile(photo)).equals(before)).toBe(true);
});

test('a folder, a name that ends with a slash, a file, and none', async () => {
  await mkdir(at('there'));
  const input = await findInput(photo);
  const goesTo = async (out: string | null) =>
    await destinationOf(input, 'sketch', await readOut(out, 'sketch', false));
  expect(await goesTo(at('there'))).toEqual({ kind: 'stem', stem: at('there/photo') });
  expect(await goesTo(at('new/'))).toEqual({ kind: 'stem', stem: at('new/photo') });
  expect(await goesTo(null)).toEqual({ kind: 'stem', stem: at('photo') });
  expect(await goesTo(at('x.JPEG'))).toEqual({ kind: 'file', path: at('x.JPEG'), extension: 'jpg' });
  expect(await goesTo(at('bare'))).toEqual({ kind: 'file', path: at('bare'), extension: null });
  expect(await goesTo('/dev/null')).toEqual({ kind: 'stream', path: '/dev/null' });
  await asSharp(drawScene(8, 8)).jpeg().toFile(at('photo.jpg'));
  expect(await goesTo(null)).toEqual({ kind: 'stem', stem: at('photo.png') });
});

test('what the extension asks for and cannot have is refused before any work', async () => {
  const names = (await readdir(folder)).sort();
  const refused: [string[], string][] = [
    [['sketch', photo, '--out', at('y.gif')], 'sketch makes no .gif file'],
    [['sketch', photo, '--out', at('y.json')], 'must end with .png, .jpg, .webp'],
    [['remove-background', photo, '--out', at('y.jpg')], 'must end with .png, .webp'],
    [['caption', photo, '--out', at('y.png')], 'must end with .json, .txt'],
    [['sketch', photo, '--out', at('y.webp'), '--option', 'format=png'], 'asks for webp'],
    [['sketch', folder, '--out', at('y.png')], 'End it with a slash'],
    [['sketch', folder, '--out', '-'], 'so --out must name one too'],
    [['sketch', photo, '--out', '-', '--json'], '--json and the result'],
    [['sketch', photo, '--recursive'], '--recursive is for a folder'],
    [['sketch', photo, '--out='], '--out'],
    [['sketch', photo, '--out', `${photo}/`], 'a part of its path is a file'],
    [['sketch', photo, '--out', join(photo, 'x.png')], 'a part of its path is a file'],
  ];
  for (const [args, words] of refused) {
    const { code, stderr } = await runCli(['process', ...args], folder);
    expect({ args, code }).toEqual({ args, code: 2 });
    expect(stderr).toContain(words);
  }
  expect((await readdir(folder)).sort()).toEqual(names);
});

test('a caption goes into a text file', { timeout }, async () => {
  const { lines } = await runCli(['process', 'caption', photo, '--out', at('c.txt')], folder);
  expect(await readFile(at('c.txt'), 'utf8')).toBe(`${lines[0]}\n`);
});

test('a dash reads standard input and writes standard output, in bytes', { timeout }, async () => {
  const input = await readFile(photo);
  const { code, stdout, stderr } = await spawnCli(['process', 'sketch', '-', '--out', '-'], { input });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const { lines } = await runCli(['process', 'sketch', photo, '--out', at('same.png'), '--json'], folder);
  expect(JSON.parse(lines[0] ?? '')).toEqual({ out: at('same.png'), width: 64, height: 48, model: null });
  expect(stdout.equals(await readFile(at('same.png')))).toBe(true);
});

test('nothing on standard input, and more than a picture may have', { timeout }, async () => {
  const empty = await spawnCli(['process', 'sketch', '-', '--out', at('e.png')]);
  expect(empty).toMatchObject({ code: 1 });
  expect(empty.stderr).toContain('standard input: failed (empty_file)');
  const { code, stderr } = await runCli(['process', 'sketch', '/dev/zero', '--out', at('z.png')], folder);
  expect(code).toBe(1);
  expect(stderr).toContain('/dev/zero has more than the limit of 64 MiB');
});

test('a reader that has gone ends the command without a word', { timeout }, async () => {
  const { code, stderr } = await spawnCli(['--help'], { closeOutput: true });
  expect({ code, stderr }).toEqual({ code: 141, stderr: '' });
});
