import { execFileSync } from 'node:child_process';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { asSharp, drawScene } from '../processing/testing/drawings.ts';
import { describeLeftOut, listFolder } from './folder.ts';
import { emptyFolder, runCli } from './testing/run-cli.ts';
import { canRunAsOther, spawnCli } from './testing/spawn-cli.ts';

/** A folder with one of everything that is no readable picture. */
async function makeFolder(): Promise<string> {
  const folder = await emptyFolder();
  const at = (name: string): string => join(folder, name);
  await mkdir(at('holiday/deep'), { recursive: true });
  await mkdir(at('results'));
  for (const name of ['top.png', 'holiday/in.jpg', 'holiday/deep/er.png', 'results/top.sketch.png']) {
    await writeFile(at(name), 'a picture by its name');
  }
  for (const name of ['top.sketch.png', 'only.sketch.png', 'notes.txt', '.hidden.png', 'holiday/.DS_Store']) {
    await writeFile(at(name), 'something');
  }
  await symlink('/nonexistent', at('broken.jpg'));
  await symlink('circle.png', at('circle.png'));
  await symlink('holiday', at('linked'));
  await symlink('top.png', at('alias.png'));
  execFileSync('mkfifo', [at('pipe.jpg'), at('pipe')]);
  return folder;
}

test('all that is no picture is named, with why', async () => {
  const folder = await makeFolder();
  const listing = await listFolder(folder, false, null);
  expect(listing.pictures.map(({ path }) => path)).toEqual(['alias.png', 'only.sketch.png', 'top.png']);
  expect(listing.unreadable).toEqual([
    { path: 'broken.jpg', message: `${folder}/broken.jpg is a link to /nonexistent, where nothing is.` },
    { path: 'circle.png', message: `${folder}/circle.png is a link that leads in a circle.` },
    { path: 'pipe.jpg', message: `${folder}/pipe.jpg is a pipe and no picture.` },
  ]);
  expect(describeLeftOut(listing)).toEqual([
    '1 is left out (hidden): .hidden.png',
    '3 are left out (a folder, which --recursive would take too): holiday, linked, results',
    '2 are left out (not a picture by its name): notes.txt, pipe',
    '1 is left out (a result of an earlier run): top.sketch.png',
  ]);
});

test('--recursive takes sub-folders, but neither links to folders nor the folder of the results', async () => {
  const folder = await makeFolder();
  const listing = await listFolder(folder, true, join(folder, 'results'));
  expect(listing.pictures.map(({ path }) => path)).toEqual([
    'alias.png',
    'holiday/deep/er.png',
    'holiday/in.jpg',
    'only.sketch.png',
    'top.png',
  ]);
  expect(describeLeftOut(listing)).toEqual([
    '2 are left out (hidden): .hidden.png, holiday/.DS_Store',
    '1 is left out (a link to a folder): linked',
    '2 are left out (not a picture by its name): notes.txt, pipe',
    '1 is left out (the folder of the results): results',
    '1 is left out (a result of an earlier run): top.sketch.png',
  ]);
});

test('results of sub-folders lie in sub-folders; no two pictures share one', {
  timeout: 120_000,
}, async () => {
  const folder = await emptyFolder();
  const out = join(folder, 'out');
  await mkdir(join(folder, 'in/sub'), { recursive: true });
  const names = ['cat.jpg', 'cat.jpg.png', 'cat.png', 'sub/cat.png'];
  for (const name of names) await asSharp(drawScene(48, 32)).toFile(join(folder, 'in', name));
  const args = ['process', 'sketch', join(folder, 'in'), '--recursive', '--out', out, '--json'];
  const { code, lines } = await runCli(args, folder);
  expect(code).toBe(0);
  const results = lines.map((line) => JSON.parse(line).out);
  expect(results).toEqual(
    ['cat.jpg', 'cat.jpg.png', 'cat.png', 'sub/cat'].map((stem) => join(out, `${stem}.sketch.png`)),
  );
});

test('what is one input and cannot be read has its own sentence', async () => {
  const folder = await makeFolder();
  const told: [string, number, string][] = [
    ['broken.jpg', 2, 'is a link to /nonexistent, where nothing is.'],
    ['none.jpg', 2, 'Nothing is at'],
    ['circle.png', 1, 'is a link that leads in a circle.'],
    ['top.png/x.png', 1, 'a part of its path is a file and no folder'],
  ];
  for (const [name, code, words] of told) {
    const run = await runCli(['process', 'sketch', join(folder, name)], folder);
    expect({ name, code: run.code, lines: run.lines }).toEqual({ name, code, lines: [] });
    expect(run.stderr).toContain(words);
  }
});

/** Root reads everything: only another user is refused. */
const isRoot = process.getuid?.() === 0;

test.runIf(!isRoot || canRunAsOther())(
  'what this user may not read is said, and the others go on',
  { timeout: 60_000 },
  async () => {
    const folder = await emptyFolder();
    await chmod(folder, 0o755);
    await writeFile(join(folder, 'secret.png'), 'not for everybody', { mode: 0o000 });
    await mkdir(join(folder, 'closed'), { mode: 0o000 });
    await writeFile(join(folder, 'open.png'), 'no picture', { mode: 0o644 });
    const { code, stdout } = await spawnCli(['process', 'sketch', folder, '--recursive', '--json'], {
      ...(isRoot ? { uid: 65_534 } : {}),
    });
    await chmod(join(folder, 'closed'), 0o700);
    const answers = stdout
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(code).toBe(1);
    const denied = (name: string) => ({
      input: join(folder, name),
      error: {
        code: 'unreadable_input',
        message: `${join(folder, name)} may not be used by this user: permission is denied.`,
      },
    });
    expect(answers).toEqual([
      denied('closed'),
      expect.objectContaining({ error: expect.objectContaining({ code: 'unsupported_type' }) }),
      denied('secret.png'),
    ]);
  },
);
