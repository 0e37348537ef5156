import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { dataFolderAt, makeFolder } from './data-folder.ts';
import { takeFolder } from './folder-lock.ts';
import { emptyFolder, picture } from './testing/empty-folder.ts';

const holder = fileURLToPath(new URL('./testing/hold-folder.ts', import.meta.url));

it('a folder belongs to one process, and to nobody as soon as that is killed', async () => {
  const folder = dataFolderAt(await emptyFolder());
  await makeFolder(folder);
  const other = spawn(process.execPath, [holder, folder.path], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void other.kill('SIGKILL'));
  await once(other.stdout, 'data');
  const before = await picture(folder.path);
  await expect(takeFolder(folder)).rejects.toThrow(
    /is used by another process[.] Stop it first, or name another/,
  );
  expect(await picture(folder.path)).toEqual(before);

  const ended = once(other, 'exit');
  other.kill('SIGKILL');
  await ended;
  const giveBack = await takeFolder(folder);
  await expect(takeFolder(folder)).rejects.toThrow('is used by another process');
  giveBack();
  (await takeFolder(folder))();
});
