import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { asSharp, drawScene } from '../processing/testing/drawings.ts';
import { emptyFolder } from './testing/run-cli.ts';

const script = fileURLToPath(new URL('spillway.ts', import.meta.url));

test('Ctrl-C ends a folder in the middle and leaves no files behind', { timeout: 120_000 }, async () => {
  const pictures = await emptyFolder();
  const drafts = join(await emptyFolder(), 'drafts');
  await mkdir(drafts);
  for (let index = 0; index < 40; index++) {
    await asSharp(drawScene(64, 48)).toFile(join(pictures, `${index}.png`));
  }
  const child = spawn(process.execPath, [script, 'process', 'caption', pictures], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, TMPDIR: drafts, SPILLWAY_MODELS_DIR: join(drafts, 'none') },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  child.kill('SIGINT');
  const [code] = await once(child, 'exit');
  expect(code).toBe(130);
  expect((await readdir(drafts)).filter((name) => name.startsWith('spillway-'))).toEqual([]);
});
