import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { OutageError } from '@spillway/core/errors.ts';
import { applicationId } from './application-id.ts';
import { DatabaseError, isNoDatabase, restoreCommand } from './database-errors.ts';
import { newestVersion, versionOf } from './migrations.ts';

/**
 * File systems that reach another machine, by the number that Linux has for them. Processes share a part of the database
 * through memory, which works on one machine only.
 * @see https://man7.org/linux/man-pages/man2/statfs.2.html
 * @see https://sqlite.org/wal.html#noshm
 */
const networkFileSystems = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'SMB'],
  [0xfe534d42, 'SMB'],
  [0x5346414f, 'AFS'],
  [0x00c36400, 'Ceph'],
  [0x01021997, '9P'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
  [0x7461636f, 'OCFS2'],
  [0x01161970, 'GFS2'],
]);

/**
 * Looks at the place of the file.
 * @throws DatabaseError where no database can be kept there, and OutageError where nothing can be written.
 */
export function requirePlace(path: string): void {
  const folder = dirname(resolve(path));
  if (!existsSync(folder)) throw new DatabaseError(`There is no folder ${folder} for the database.`);
  const network = networkFileSystem(folder);
  if (network !== null) {
    throw new DatabaseError(
      `${folder} is on a network file system (${network}), where processes cannot share a database. Choose a folder on a disk of this machine.`,
    );
  }
  for (const place of [folder, path].filter((each) => existsSync(each))) {
    if (!isWritable(place)) {
      throw new OutageError(`${place} is read-only. Make it writable for the user who runs Spillway.`);
    }
  }
}

/**
 * Looks at the file without changing it. `empty`: there is none, or nothing in it.
 * @throws DatabaseError where it is not this program's database; an error of SQLite where it cannot be read.
 */
export function requireOurs(path: string): 'empty' | 'ours' {
  // In this order: a program that makes the file at this moment writes to it before it has a log.
  const hasLog = [`${path}-wal`, `${path}-shm`].some((each) => existsSync(each));
  const isEmpty = (statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0;
  if (isEmpty && hasLog) {
    throw new DatabaseError(
      `The database ${path} is missing, although its log is there. Bring back the last backup with: ${restoreCommand(path)}`,
    );
  }
  if (isEmpty) return 'empty';
  const connection = openToLook(path);
  try {
    const { application_id: id } = connection.prepare('PRAGMA application_id').get() ?? {};
    if (id !== applicationId) {
      throw new DatabaseError(`${path} is the database of another program. Name another file.`);
    }
    requireKnownVersion(connection, path);
    return 'ours';
  } catch (error) {
    if (!isNoDatabase(error)) throw error;
    throw new DatabaseError(
      `${path} is no database. If it was Spillway's, bring back the last backup with: ${restoreCommand(path)}`,
      { cause: error },
    );
  } finally {
    connection.close();
  }
}

/** @throws DatabaseError where a newer version has written the file. */
export function requireKnownVersion(connection: DatabaseSync, path: string): void {
  const version = versionOf(connection);
  if (version <= newestVersion) return;
  throw new DatabaseError(
    `${path} is of a newer version of Spillway (${version}; this one knows ${newestVersion}). Start that version, or a newer one.`,
  );
}

/**
 * A connection that changes nothing. Where no program has the database open, which its log tells, it also takes no lock
 * and leaves no file beside it. Otherwise it must be an ordinary one: a lock of this process is lost where the file is
 * opened and closed in another way.
 * @see https://sqlite.org/uri.html#uriimmutable
 * @see https://sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_
 */
export function openToLook(path: string): DatabaseSync {
  if (existsSync(`${path}-wal`)) return new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
  const address = pathToFileURL(resolve(path));
  address.searchParams.set('immutable', '1');
  return new DatabaseSync(address, { readOnly: true });
}

/** Which file has this name at this moment; null where there is none. */
export function fileIdOf(path: string): string | null {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats ? `${stats.dev}.${stats.ino}` : null;
}

/** The name of the network file system that a folder is on; null for a disk of this machine. */
export function networkFileSystem(folder: string): string | null {
  if (process.platform !== 'linux') return null;
  return networkFileSystems.get(statfsSync(folder).type >>> 0) ?? null;
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
