import { cp, mkdir, readdir, rename, rm, rmdir, statfs } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { formatBytes } from '@spillway/core/amounts.ts';
import { checkDatabase, stateOf } from '@spillway/pipeline/embedded/backup.ts';
import { folderBytes } from '@spillway/release/folder-bytes.ts';
import { checkStorage } from '@spillway/storage-server/check.ts';
import { StartError } from '@spillway/supervisor/start-error.ts';
import { type Backup, backupContent, readBackup } from './backup.ts';
import {
  claimFolder,
  type DataFolder,
  dataFolderAt,
  examineFolder,
  makeFolder,
  partialFolder,
} from './data-folder.ts';
import { explainedStart } from './explained-start.ts';
import { awaitEarlierParts, takeFolder } from './folder-lock.ts';
import { timeInName } from './time-in-name.ts';

export interface Restored extends Backup {
  folder: string;
  /** Where what was there before is; null where nothing was. */
  before: string | null;
}

/** What is restored, and what an earlier Spillway may have beside it. */
const replaced = ['spillway.db', 'spillway.db-wal', 'spillway.db-shm', 'storage', 'secrets.json'];

/**
 * Brings a backup back into a folder that no Spillway uses. It is copied, checked as a whole, and only then put in place.
 * @param replace Whether a Spillway that is there may be moved aside.
 * @throws StartError where it cannot be brought back. The folder is as it was then.
 */
export async function restoreMachine(from: string, data: string, replace: boolean): Promise<Restored> {
  const source = resolve(from);
  const backup = await readBackup(source);
  const folder = dataFolderAt(data);
  const content = await examineFolder(folder);
  if (content === 'ours' && !replace) {
    throw new StartError(
      `${folder.path} holds a Spillway already. Name another folder with --data, or move what is there aside with --replace.`,
    );
  }
  await makeFolder(folder);
  const giveBack = await takeFolder(folder);
  const partial = join(folder.path, partialFolder);
  try {
    if (content === 'ours') await awaitEarlierParts(folder);
    await requireRoom(source, folder);
    await copyContent(source, partial);
    await checkContent(partial, backup);
    const before = await putInPlace(partial, folder);
    return { ...backup, folder: folder.path, before };
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    if (content === 'empty') await removeMade(folder);
    throw explainedStart(error);
  } finally {
    giveBack();
  }
}

async function requireRoom(source: string, folder: DataFolder): Promise<void> {
  const [needed, { bavail, bsize }] = await Promise.all([folderBytes(source), statfs(folder.path)]);
  if (needed < bavail * bsize) return;
  throw new StartError(
    `The backup has ${formatBytes(needed)}, and ${formatBytes(bavail * bsize)} are free in ${folder.path}. Free some space, or name another folder with --data.`,
  );
}

async function copyContent(source: string, partial: string): Promise<void> {
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { mode: 0o700 });
  const [from, to] = [backupContent(source), backupContent(partial)];
  await cp(from.database, to.database);
  await cp(from.storage, to.storage, { recursive: true });
  await cp(from.secrets, to.secrets);
}

/** @throws StartError where something is missing or damaged that was not when the backup was made. */
async function checkContent(partial: string, { problems: known, objects, bytes }: Backup): Promise<void> {
  const { database, storage } = backupContent(partial);
  // A newer version's is refused here.
  stateOf(database);
  checkDatabase(database);
  const found = await checkStorage(storage);
  const problems = found.problems.filter((problem) => !known.includes(problem));
  if (problems.length > 0) {
    const more = problems.length > 1 ? ` And ${problems.length - 1} more.` : '';
    throw new StartError(`The backup is damaged, and nothing was restored. ${problems[0]}${more}`);
  }
  if (found.objects !== objects || found.bytes !== bytes) {
    throw new StartError(
      `The backup is damaged, and nothing was restored. It had ${objects} objects and has ${found.objects}.`,
    );
  }
}

/** @returns Where what was there before is. */
async function putInPlace(partial: string, folder: DataFolder): Promise<string | null> {
  const there = new Set(await readdir(folder.path));
  const old = replaced.filter((name) => there.has(name));
  const before = join(folder.path, `before-restore-${timeInName(new Date())}`);
  if (old.length > 0) await mkdir(before, { mode: 0o700 });
  for (const name of old) await rename(join(folder.path, name), join(before, name));
  for (const name of await readdir(partial)) await rename(join(partial, name), join(folder.path, name));
  await rmdir(partial);
  await rm(folder.parts, { force: true });
  await claimFolder(folder);
  return old.length > 0 ? before : null;
}

/** What was made in a folder that had nothing. */
async function removeMade(folder: DataFolder): Promise<void> {
  for (const path of [folder.work, folder.logs]) await rmdir(path).catch(() => {});
  for (const name of await readdir(folder.path)) {
    if (name.startsWith(basename(folder.lock))) await rm(join(folder.path, name), { force: true });
  }
}
