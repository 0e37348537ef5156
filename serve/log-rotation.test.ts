import { appendFile, open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { rotateOnce } from './log-rotation.ts';
import { emptyFolder } from './testing/empty-folder.ts';

it('a log that is large is begun again, and whoever writes it goes on', async () => {
  const folder = await emptyFolder();
  const path = join(folder, 'site.log');
  await appendFile(join(folder, 'small.log'), 'x');
  const log = await open(path, 'a');
  for (const line of ['first', 'second', 'third', 'fourth']) {
    await log.write(`${line}\n`);
    await rotateOnce(folder, 5);
  }
  await log.write('last\n');
  await log.close();
  expect(await readFile(path, 'utf8')).toBe('last\n');
  expect(await readFile(`${path}.1`, 'utf8')).toBe('fourth\n');
  expect(await readFile(`${path}.2`, 'utf8')).toBe('third\n');
  expect((await readdir(folder)).sort()).toEqual(['site.log', 'site.log.1', 'site.log.2', 'small.log']);
});
