import { existsSync, statSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { backupDatabase, checkBeforeStart, stateOf } from '@spillway/pipeline/embedded/backup.ts';
import { type Database, openDatabase } from '@spillway/pipeline/embedded/database.ts';
import { restoreCommand } from '@spillway/pipeline/embedded/database-errors.ts';
import { checkStorageFolder, StorageFolderError } from '@spillway/storage-server/folder-check.ts';
import { databaseFile } from '@spillway/storage-server/object-database.ts';
import { StartError } from '@spillway/supervisor/start-error.ts';
import { type DataFolder, partialFolder } from './data-folder.ts';
import { explainedStart } from './explained-start.ts';
import { timeInName } from './time-in-name.ts';

/** Copies of the database from before an upgrade. The oldest of more are removed. */
const copiesKept = 3;
const copyName = /^before-.*[.]db$/;

/**
 * Makes the database ready for this version, before any part uses it. What an upgrade would change is copied first.
 * @throws StartError with the sentence that says why it cannot be used. It is as it was then.
 */
export async function upgradeDatabase(
  folder: DataFolder,
  version: string,
  say: (line: string) => void,
): Promise<void> {
  try {
    requireWhole(folder);
    checkBeforeStart(folder.database);
    const state = stateOf(folder.database);
    if (state.kind === 'older') {
      const copy = await copyBeforeUpgrade(folder, version);
      say(`The database is brought up to date. What it was before is kept in ${copy}`);
    }
    const database = await openDatabase(folder.database);
    try {
      requireStorageOf(folder, database);
    } finally {
      database.close();
    }
  } catch (error) {
    throw explainedStart(error);
  }
}

/** @throws StartError where a part of the data is gone, and a start would begin anew without a word. */
function requireWhole(folder: DataFolder): void {
  const partial = join(folder.path, partialFolder);
  if (existsSync(partial)) {
    const isUntouched = isThere(folder.database) && isThere(objectsOf(folder));
    const other = isUntouched
      ? ` Or keep what was there before, of which nothing was replaced yet: remove ${partial}`
      : '';
    throw new StartError(
      `A restore into ${folder.path} was cut off. Do it again: ${restoreCommand(folder.database)}${other}`,
    );
  }
  if (!isThere(folder.database) && isThere(objectsOf(folder))) throw missing(folder.database, folder);
  try {
    checkStorageFolder(folder.storage);
  } catch (error) {
    throw error instanceof StorageFolderError ? new StartError(error.message, { cause: error }) : error;
  }
}

/** Jobs are there, so that their pictures must be. */
function requireStorageOf(folder: DataFolder, database: Database): void {
  if (isThere(objectsOf(folder))) return;
  if (database.prepare('SELECT 1 FROM jobs LIMIT 1').get() !== undefined)
    throw missing(objectsOf(folder), folder);
}

function missing(file: string, { database }: DataFolder): StartError {
  const command = restoreCommand(database);
  return new StartError(
    `${file} is missing or empty, and the rest of the data is there. Bring back the last backup with: ${command}`,
  );
}

const objectsOf = ({ storage }: DataFolder) => join(storage, databaseFile);

function isThere(file: string): boolean {
  return (statSync(file, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

async function copyBeforeUpgrade(folder: DataFolder, version: string): Promise<string> {
  await mkdir(folder.backups, { recursive: true });
  const copy = join(folder.backups, `before-${version}-${timeInName(new Date())}.db`);
  await backupDatabase(folder.database, copy);
  const copies = (await readdir(folder.backups)).filter((name) => copyName.test(name));
  const byTime = copies.sort((one, other) => timeOf(one).localeCompare(timeOf(other)));
  for (const name of byTime.slice(0, -copiesKept)) await rm(join(folder.backups, name));
  return copy;
}

/** The last part of the name. */
function timeOf(name: string): string {
  return name.slice(name.lastIndexOf('-') + 1);
}
