import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { claimFolder, dataFolderAt, examineFolder, makeFolder } from './data-folder.ts';
import { emptyFolder, picture } from './testing/empty-folder.ts';

/** A folder with these files, and where in it the data is to be. */
async function folderWith(files: Record<string, string>): Promise<string> {
  const folder = await emptyFolder();
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

const engine = (value: unknown) => ({ 'engine.json': JSON.stringify(value), 'spillway.db': '' });

it.each<[what: string, files: Record<string, string>, below: string, sentence: RegExp]>([
  ['a file', { data: '' }, 'data', /data is a file, or below one: --data names a folder[.]$/],
  ['below a file', { data: '' }, 'data/more/still', /still is a file, or below one/],
  [
    'a folder of something else',
    { 'c.txt': '', 'a.txt': '', 'b.txt': '', 'd.txt': '' },
    '',
    /holds other things than Spillway's \(a.txt, b.txt, c.txt, …\)[.] Name an empty folder/,
  ],
  [
    'the folder of npm start',
    { 'secrets.json': '{}', 'data/firestore/x': '', 'stack.json': '{}' },
    '',
    /is the folder of `npm start`, which has other engines/,
  ],
  [
    'data of another engine',
    engine({ engine: 'google', format: 1 }),
    '',
    /holds the data of another engine \(google\)/,
  ],
  [
    'data of a newer version',
    engine({ engine: 'embedded', format: 2 }),
    '',
    /is of a newer version of Spillway \(its format is 2; this one knows 1\)[.] Start that version/,
  ],
  ['data that nobody knows', engine('what'), '', /engine.json does not say whose data this is/],
])('%s is refused in a sentence, and nothing is touched', async (_, files, below, sentence) => {
  const folder = await folderWith(files);
  const before = await picture(folder);
  await expect(examineFolder(dataFolderAt(join(folder, below)))).rejects.toThrow(sentence);
  expect(await picture(folder)).toEqual(before);
});

it.each<[what: string, files: Record<string, string>, below: string, found: 'empty' | 'ours']>([
  ['a folder that is not there', {}, 'not/there', 'empty'],
  ['an empty folder', {}, '', 'empty'],
  ['a new disk', { 'lost+found/x': '' }, '', 'empty'],
  ['what a start left that was cut off', { 'work/x': '', 'logs/x': '', 'in-use.lock': '' }, '', 'empty'],
  ['data of an earlier start', engine({ engine: 'embedded', format: 1 }), '', 'ours'],
])('%s is taken', async (_, files, below, found) => {
  const folder = await folderWith(files);
  const before = await picture(folder);
  expect(await examineFolder(dataFolderAt(join(folder, below)))).toBe(found);
  expect(await picture(folder)).toEqual(before);
});

it('what it makes is its own afterwards', async () => {
  const folder = dataFolderAt(join(await emptyFolder(), 'data'));
  await makeFolder(folder);
  await claimFolder(folder);
  expect(await examineFolder(folder)).toBe('ours');
});

/** Only root may mount. */
const mayMount = process.platform === 'linux' && process.getuid?.() === 0 && canMount();

function canMount(): boolean {
  try {
    execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

it.runIf(mayMount)('a disk that is full, or mounted read-only, is said', async () => {
  const place = await emptyFolder();
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', place]);
  onTestFinished(() => void execFileSync('umount', [place]));
  await expect(examineFolder(dataFolderAt(join(place, 'data')))).rejects.toThrow(
    /The disk of .*data is full: .* are free, and a start takes/,
  );
  execFileSync('mount', ['-o', 'remount,ro,size=128m', place]);
  await expect(examineFolder(dataFolderAt(join(place, 'data')))).rejects.toThrow(
    /is on a file system that is mounted read-only/,
  );
});
