import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** The file in a data folder that has everything but the bytes of larger objects. */
export const databaseFile = 'objects.db';

/** A busy database is waited for this long: a backup reads it from another process. Milliseconds. */
const busyMs = 5_000;
/** Pages of the log after which they are written into the file, which waits for the disk. */
const pagesInLog = 4_000;

/** One entry for each version of the form; `PRAGMA user_version` says how many of them a file has had. */
const migrations = [
  `CREATE TABLE facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
   INSERT INTO facts VALUES ('generation', 0), ('isOpen', 0), ('olderFolderRead', 0), ('storedBytes', 0);
   CREATE TABLE buckets (name TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
   -- Names are bytes: they are compared as Cloud Storage compares them, whatever characters they have.
   CREATE TABLE objects (
     bucket TEXT NOT NULL,
     name BLOB NOT NULL,
     record TEXT NOT NULL,
     isReadable INTEGER NOT NULL,
     keptUntil INTEGER,
     PRIMARY KEY (bucket, name)
   ) WITHOUT ROWID;
   CREATE INDEX keptObjects ON objects (bucket, name) WHERE keptUntil IS NOT NULL;
   CREATE INDEX keptUntil ON objects (keptUntil) WHERE keptUntil IS NOT NULL;
   CREATE TABLE bytes (blob TEXT PRIMARY KEY, content BLOB NOT NULL);
   CREATE TABLE outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, notification TEXT NOT NULL);`,
];

/** The version of the form that this version writes. */
export const newestVersion = migrations.length;

/**
 * Opens the database of a data folder that was checked, and brings it to the form of this version. A process that is killed at any moment loses nothing that was committed; after a power cut the last
 * moments may be missing, unless `durability.ts` is asked to keep them.
 */
export function openObjectDatabase(folder: string): DatabaseSync {
  const database = new DatabaseSync(join(folder, databaseFile), { timeout: busyMs });
  const version = Number(database.prepare('PRAGMA user_version').get()?.user_version);
  database.exec('PRAGMA journal_mode = WAL');
  database.exec(`PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = ${pagesInLog}`);
  for (let next = version; next < migrations.length; next++) {
    database.exec(`BEGIN IMMEDIATE; ${migrations[next]} PRAGMA user_version = ${next + 1}; COMMIT`);
  }
  return database;
}

/** Runs writes that take effect together or not at all. */
export function createTransactions(database: DatabaseSync): <Result>(writes: () => Result) => Result {
  const begin = database.prepare('BEGIN IMMEDIATE');
  const commit = database.prepare('COMMIT');
  return (writes) => {
    begin.run();
    try {
      const result = writes();
      commit.run();
      return result;
    } catch (error) {
      // A full disk has ended it already.
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  };
}
