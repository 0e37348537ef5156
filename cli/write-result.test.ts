import { execFileSync } from 'node:child_process';
import { link, mkdir, readdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { identityOf } from './input.ts';
import { emptyFolder } from './testing/run-cli.ts';
import { UnwritableResult, writeResult } from './write-result.ts';

const result = Buffer.from('the result');

let folder: string;
let made: string;
beforeEach(async () => {
  folder = await emptyFolder();
  made = join(await emptyFolder(), 'made');
  await writeFile(made, result);
});

const at = (name: string): string => join(folder, name);
const write = async (to: string, inputs = new Set<string>()) => await writeResult(made, to, inputs);
const holds = async (name: string) => expect(await readFile(at(name), 'utf8')).toBe('the result');

test('a new file appears whole, parents that are missing with it, and no draft stays', async () => {
  await write(at('a/b/c.png'));
  await holds('a/b/c.png');
  expect(await readdir(at('a/b'))).toEqual(['c.png']);
});

test('a link is written through: it stays a link, and so does a dangling one', async () => {
  await writeFile(at('real.png'), 'before', { mode: 0o640 });
  await symlink('real.png', at('link.png'));
  await symlink('later.png', at('dangling.png'));
  for (const [out, to] of [
    ['link.png', 'real.png'],
    ['dangling.png', 'later.png'],
  ] as const) {
    await write(at(out));
    expect(await readlink(at(out))).toBe(to);
    await holds(to);
  }
  expect((await stat(at('real.png'))).mode & 0o777).toBe(0o640);
});

test('a file with two names keeps both', async () => {
  await writeFile(at('one.png'), 'before');
  await link(at('one.png'), at('two.png'));
  await write(at('one.png'));
  await holds('two.png');
  expect((await stat(at('one.png'))).nlink).toBe(2);
});

test('a pipe and a device are written through', async () => {
  execFileSync('mkfifo', [at('f.fifo')]);
  const [received] = await Promise.all([readFile(at('f.fifo')), write(at('f.fifo'))]);
  expect(received.equals(result)).toBe(true);
  expect((await stat(at('f.fifo'))).isFIFO()).toBe(true);
  await write('/dev/null');
  expect((await stat('/dev/null')).isCharacterDevice()).toBe(true);
});

test('an input, a folder and a write-protected file stay what they are', async () => {
  await writeFile(at('input.png'), 'a picture');
  await link(at('input.png'), at('same.png'));
  await symlink('input.png', at('soft.png'));
  await writeFile(at('kept.png'), 'before', { mode: 0o444 });
  await mkdir(at('folder.png'));
  const inputs = new Set([identityOf(await stat(at('input.png')))]);
  const refused = [
    ['input.png', 'is an input, which would be lost'],
    ['same.png', 'is an input, which would be lost'],
    ['soft.png', 'is an input, which would be lost'],
    ['kept.png', 'is write-protected'],
    ['folder.png', 'is a folder'],
    ['input.png/x.png', 'a part of its path is a file'],
  ] as const;
  for (const [name, words] of refused) {
    const failure = await write(at(name), inputs).catch((error) => error);
    expect(failure).toBeInstanceOf(UnwritableResult);
    expect(failure.message).toContain(words);
  }
  expect(await readFile(at('input.png'), 'utf8')).toBe('a picture');
  expect(await readFile(at('kept.png'), 'utf8')).toBe('before');
});

test.runIf(process.platform === 'linux')('a full disk is said', async () => {
  await expect(write('/dev/full')).rejects.toThrow(
    'The result was not written: /dev/full is on a disk that is full.',
  );
});
