import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { OutageError } from '@spillway/core/errors.ts';
import type { Clock } from '../ports/ports.ts';
import { applicationId } from './application-id.ts';
import { type Changes, createChanges } from './changes.ts';
import { explained, goneBeneath, isBusy } from './database-errors.ts';
import { fileIdOf, requireKnownVersion, requireOurs, requirePlace } from './file-check.ts';
import { migrate } from './migrations.ts';
import { shortTurns } from './short-turns.ts';

/**
 * A transaction takes microseconds, so a lock of another process is tried some times at once. Then this process goes on
 * with other things between two tries: SQLite's own way of waiting would stop it.
 */
const triesAtOnce = 5;
/** Milliseconds. */
const longestPauseMs = 10;
/** It is looked this often whether the file is still in its place, in milliseconds. */
const lookEveryMs = 1_000;
/** Then the call fails. */
const usualPatienceMs = 5_000;

/**
 * One SQLite file that several processes use at once. SQL is run within `read` and `write`, by kept statements. SQLite
 * answers within the call, and another process never sees half of a write.
 */
export interface Database {
  readonly path: string;
  /** The machine's, which all processes share. */
  readonly clock: Clock;
  readonly changes: Changes;
  /** A statement, compiled once for each text. */
  prepare(sql: string): StatementSync;
  /**
   * Runs statements that change nothing.
   * @param what What is done, for the sentence of an error: `read job 1`.
   * @throws OutageError, and DatabaseError where the file is damaged.
   */
  read<Result>(what: string, action: () => Result): Promise<Result>;
  /** As `read`, where several statements must see the same moment. */
  snapshot<Result>(what: string, action: () => Result): Promise<Result>;
  /**
   * Runs statements as one transaction, which is undone where the action throws. No other process writes at the same time.
   * The action may run again, so it must change nothing but the database.
   */
  write<Result>(what: string, action: () => Result): Promise<Result>;
  close(): void;
}

/** The clock of all programs on this machine. It follows when somebody sets it, unlike a process's own. */
export const machineClock: Clock = { now: () => new Date() };

/**
 * Opens the database, makes it where there is none, and brings one of an earlier version up to date.
 * @param patienceMs How long a lock of another process is waited for.
 * @throws DatabaseError, in one sentence, where it is damaged, of a newer version, not Spillway's or on a network file
 * system. Nothing was changed then.
 * @throws OutageError where it is locked, read-only or on a full disk.
 */
export async function openDatabase(
  path: string,
  clock: Clock = machineClock,
  patienceMs: number = usualPatienceMs,
): Promise<Database> {
  requirePlace(path);
  const connection = await untilFree(path, 'open it', patienceMs, () => {
    requireOurs(path);
    return connect(path);
  });
  const statements = new Map<string, StatementSync>();
  const [begin, beginReading, commit, rollback] = ['BEGIN IMMEDIATE', 'BEGIN', 'COMMIT', 'ROLLBACK'].map(
    (sql) => connection.prepare(sql),
  ) as [StatementSync, StatementSync, StatementSync, StatementSync];
  const changes = createChanges(path, connection.prepare('PRAGMA data_version'));

  function transaction<Result>(beginning: StatementSync, action: () => Result): Result {
    beginning.run();
    try {
      const result = action();
      commit.run();
      return result;
    } catch (error) {
      // Some errors have ended the transaction already.
      if (connection.isTransaction) rollback.run();
      throw error;
    }
  }

  const turnEnds = shortTurns();
  const fileId = fileIdOf(path);
  let lookedAt = performance.now();

  function requireInPlace(): void {
    if (performance.now() - lookedAt < lookEveryMs) return;
    if (fileIdOf(path) !== fileId) throw goneBeneath(path);
    lookedAt = performance.now();
  }

  async function run<Result>(what: string, action: () => Result): Promise<Result> {
    const ends = turnEnds();
    if (ends !== null) await ends;
    return untilFree(path, what, patienceMs, () => {
      if (!connection.isOpen) throw new OutageError(`The database was closed before Spillway could ${what}.`);
      requireInPlace();
      return action();
    });
  }

  return {
    path,
    clock,
    changes,
    prepare(sql) {
      const kept = statements.get(sql);
      if (kept) return kept;
      const statement = connection.prepare(sql);
      statements.set(sql, statement);
      return statement;
    },
    read: run,
    snapshot: (what, action) => run(what, () => transaction(beginReading, action)),
    async write(what, action) {
      const result = await run(what, () => transaction(begin, action));
      changes.committed();
      return result;
    },
    close() {
      changes.close();
      if (connection.isOpen) connection.close();
    },
  };
}

function connect(path: string): DatabaseSync {
  const connection = new DatabaseSync(path, { timeout: 0 });
  try {
    // Another program may have brought it further since it was looked at.
    requireKnownVersion(connection, path);
    prepareFile(connection);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

function prepareFile(connection: DatabaseSync): void {
  const { application_id } = connection.prepare('PRAGMA application_id').get() ?? {};
  if (application_id !== applicationId) {
    // It is written to the file itself before that has a log, so that it is there whatever happens next.
    connection.exec(`PRAGMA application_id = ${applicationId}`);
  }
  // The log is brought into the file when it has 8,000 pages (32 MB): each time takes a flush of the disk, and pages that
  // were written again and again are copied once. With SQLite's 1,000 pages a job took twice as long.
  // NORMAL: a process may die at any moment and nothing that was committed is lost. After a power cut the last moments
  // are missing, as a whole, and the file is sound.
  connection.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA cache_size = -8192;
    PRAGMA journal_size_limit = 67108864;
    PRAGMA wal_autocheckpoint = 8000;
    PRAGMA temp_store = MEMORY;
  `);
  migrate(connection);
}

/** Runs an action again while another process holds a lock that it needs. */
async function untilFree<Result>(
  path: string,
  what: string,
  patienceMs: number,
  action: () => Result,
): Promise<Result> {
  const beganAt = performance.now();
  for (let tries = 1; ; tries++) {
    try {
      return action();
    } catch (error) {
      if (!isBusy(error) || performance.now() - beganAt >= patienceMs) throw explained(error, path, what);
    }
    if (tries > triesAtOnce) await delay(1 + Math.random() * Math.min(tries, longestPauseMs));
  }
}
