import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A folder for a test, which is removed with it. */
export async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-serve-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** What is in a folder, and when it was changed. Two that are equal say that nothing was touched. */
export async function picture(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  const lines = names.sort().map(async (name) => {
    const { mtimeMs, size, mode } = await stat(join(folder, name));
    return [name, mtimeMs, size, mode].join(' ');
  });
  return Promise.all(lines);
}
