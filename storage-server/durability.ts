import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { databaseFile } from './object-database.ts';

/** Makes what was written survive a power cut. */
export interface Durability {
  /** Resolves when the disk has the bytes of a file. */
  ofFile(path: string): Promise<void>;
  /** Resolves when the disk has everything that was committed, and every file that had its name, before the call. */
  ofCommits(): Promise<void>;
}

/** A process that is killed loses nothing all the same: the system has what was written. */
export const notDurable: Durability = { ofFile: async () => {}, ofCommits: async () => {} };

/**
 * Asks the disk outside of SQLite, so that nobody waits for it within a call, and one request serves all writes that came
 * before it.
 *
 * @see https://sqlite.org/wal.html A commit is what the write-ahead log has. SQLite itself syncs the log before it copies it
 * into the database with `synchronous = NORMAL`.
 */
export function durableIn(folder: string): Durability {
  const log = join(folder, `${databaseFile}-wal`);
  return {
    ofFile: syncFile,
    ofCommits: shared(async () => {
      await Promise.all([log, join(folder, 'blobs')].map(syncFile));
    }),
  };
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Runs an action for several callers at once: each waits for a run that begins after its call. */
export function shared(action: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> = Promise.resolve();
  let next: Promise<void> | null = null;
  async function afterRunning(): Promise<void> {
    // Its own callers hear of its failure.
    await running.catch(() => {});
    next = null;
    running = action();
    await running;
  }
  return () => {
    next ??= afterRunning();
    return next;
  };
}
