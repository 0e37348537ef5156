import { rename, rm } from 'node:fs/promises';
import { backup, DatabaseSync } from 'node:sqlite';
import { DatabaseError, damaged, explained, isFull } from './database-errors.ts';
import { openToLook, requireOurs } from './file-check.ts';
import { newestVersion, versionOf } from './migrations.ts';

/** All pages in one step: between steps others may write, and SQLite would begin again each time. */
const pagesPerStep = 0x7fff_ffff;

/**
 * Copies the database as it is at one moment, while other processes read and write. The copy has been checked when it gets
 * its name; where something fails, there is none.
 * @throws DatabaseError where the database is damaged, and OutageError where the disk fails or is full.
 */
export async function backupDatabase(path: string, target: string): Promise<void> {
  const partial = `${target}.partial`;
  await removeDatabase(partial);
  try {
    const source = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
    try {
      await backup(source, partial, { rate: pagesPerStep });
    } catch (error) {
      throw explained(error, isFull(error) ? target : path, 'make a backup');
    } finally {
      source.close();
    }
    checkDatabase(partial);
    // A look at it makes files beside it, in which its readers would share their locks.
    for (const file of besideOf(partial)) await rm(file, { force: true });
    await rename(partial, target);
  } catch (error) {
    await removeDatabase(partial);
    throw explained(error, path, 'make a backup');
  }
}

/** Removes a database that nobody has open, with the files that SQLite keeps beside it. */
export async function removeDatabase(path: string): Promise<void> {
  for (const file of [path, ...besideOf(path)]) await rm(file, { force: true });
}

const besideOf = (path: string) => [`${path}-wal`, `${path}-shm`];

/** What a start of this program would do with a file. */
export type FileState =
  | { kind: 'missing' }
  | { kind: 'current' }
  /** It would bring the file up to date, and earlier versions could not use it any more. */
  | { kind: 'older'; version: number };

/**
 * Looks at a file without changing it.
 * @throws DatabaseError where it cannot be this program's database: no database, another program's, a newer version's.
 */
export function stateOf(path: string): FileState {
  return inspect(path, 'look at it', (connection) => {
    if (connection === null) return { kind: 'missing' };
    const version = versionOf(connection);
    return version < newestVersion ? { kind: 'older', version } : { kind: 'current' };
  });
}

/**
 * Reads all of a file and holds it against its indexes.
 * @throws DatabaseError where it is damaged.
 */
export function checkDatabase(path: string): void {
  inspect(path, 'check it', (connection) => {
    if (connection === null) throw new DatabaseError(`There is no database ${path}.`);
    requireSound(connection, path, 'PRAGMA integrity_check(1)');
  });
}

/**
 * Reads the structure of all that work goes on with. It leaves out the documents of jobs that have ended, which are most of
 * a file and which nothing waits for; a backup reads them too.
 * @throws DatabaseError where it is damaged.
 */
export function checkBeforeStart(path: string): void {
  inspect(path, 'check it', (connection) => {
    if (connection === null) return;
    const tables = connection
      .prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'ended_documents'`)
      .all();
    for (const { name } of tables) requireSound(connection, path, `PRAGMA quick_check("${name}")`);
  });
}

function requireSound(connection: DatabaseSync, path: string, check: string): void {
  const [found] = connection.prepare(check).all();
  const words = Object.values(found ?? {}).join();
  if (words !== 'ok') throw damaged(path, new Error(words));
}

/** @param action Is given null where there is no file, or an empty one. */
function inspect<Result>(
  path: string,
  what: string,
  action: (connection: DatabaseSync | null) => Result,
): Result {
  try {
    if (requireOurs(path) === 'empty') return action(null);
    const connection = openToLook(path);
    try {
      return action(connection);
    } finally {
      connection.close();
    }
  } catch (error) {
    throw explained(error, path, what);
  }
}
