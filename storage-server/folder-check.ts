import { existsSync, opendirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { databaseFile, newestVersion } from './object-database.ts';

/** The data folder cannot be used as it is. The message is one sentence that says what to do; nothing was touched. */
export class StorageFolderError extends Error {
  override readonly name = 'StorageFolderError';
}

const restore = 'Bring back the last backup: npx spillway restore <backup> --data <folder> --replace';

/**
 * Looks whether a storage server may start on a folder, without changing anything there.
 * @throws StorageFolderError where the database of the objects is missing beside their bytes, damaged, or of a newer
 * version: a server would make an empty one, and take all pictures for leftovers.
 */
export function checkStorageFolder(folder: string): void {
  const file = join(folder, databaseFile);
  // In this order: another process may be making it.
  const hasLog = sizeOf(`${file}-wal`) > 0;
  if (sizeOf(file) > 0) {
    checkDatabase(file);
    return;
  }
  // An earlier version kept what is in the database in the folder `buckets`.
  if (!hasLog && (existsSync(join(folder, 'buckets')) || !hasFiles(join(folder, 'blobs')))) return;
  throw new StorageFolderError(`${file} is missing or empty, although objects are beside it. ${restore}`);
}

function checkDatabase(file: string): void {
  let version: number;
  try {
    const database = new DatabaseSync(file, { readOnly: true });
    try {
      version = Number(database.prepare('PRAGMA user_version').get()?.user_version);
      if (version > 0) for (const table of tables) database.prepare(`SELECT * FROM ${table} LIMIT 1`).get();
    } finally {
      database.close();
    }
  } catch (error) {
    if (!isDamage(error)) throw error;
    throw new StorageFolderError(`${file} is damaged, or no database. ${restore}`, { cause: error });
  }
  if (version > newestVersion)
    throw new StorageFolderError(`${file} was written by a newer version of Spillway: start that version.`);
}

const tables = ['facts', 'buckets', 'objects', 'bytes', 'outbox'];

/** SQLite's codes for a damaged file, for one that is no database, and for a table that is missing. */
const damage = new Set([1, 11, 26]);

function isDamage(error: unknown): boolean {
  return (
    error instanceof Error &&
    'errcode' in error &&
    typeof error.errcode === 'number' &&
    damage.has(error.errcode & 0xff)
  );
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function hasFiles(folder: string): boolean {
  if (!existsSync(folder)) return false;
  const files = opendirSync(folder);
  try {
    return files.readSync() !== null;
  } finally {
    files.closeSync();
  }
}
