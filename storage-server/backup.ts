import { constants } from 'node:fs';
import { copyFile, link, mkdir, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { hasCode } from '@spillway/core/errors.ts';
import { databaseFile } from './object-database.ts';

/** All pages in one step: after a step that others wrote behind, SQLite begins again, and on a busy server for ever. */
const pagesPerStep = 0x7fff_ffff;

/**
 * Copies a data folder into an empty one while a server uses it. The objects are those of the moment at which their
 * database was copied. Files of bytes are never changed, so that they are linked where both folders are on one file
 * system, and copied elsewhere. Upload sessions are not copied: their senders begin again.
 * @returns How many files of bytes the copy has.
 */
export async function backupStorage(folder: string, target: string): Promise<number> {
  const blobs = join(target, 'blobs');
  await mkdir(blobs, { recursive: true });
  const source = new DatabaseSync(join(folder, databaseFile), { readOnly: true, timeout: 5_000 });
  try {
    await backup(source, join(target, databaseFile), { rate: pagesPerStep });
  } finally {
    source.close();
  }
  let files = 0;
  // An object that was deleted since has lost its file, and one that came since is one file more.
  for await (const { name } of await opendir(join(folder, 'blobs'))) {
    if (await linkOrCopy(join(folder, 'blobs', name), join(blobs, name))) files++;
  }
  return files;
}

async function linkOrCopy(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
  }
  try {
    await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
}
