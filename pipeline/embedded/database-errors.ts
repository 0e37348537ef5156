import { dirname, resolve } from 'node:path';
import { OutageError, RefusedError } from '@spillway/core/errors.ts';

/** Primary result codes. @see https://sqlite.org/rescode.html#primary_result_code_list */
const resultCodes = {
  busy: 5,
  locked: 6,
  noMemory: 7,
  readOnly: 8,
  inputOutput: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  protocol: 15,
  notADatabase: 26,
} as const;

/**
 * Extended codes that are no failure of the disk: less was there to read than the file must have, and the file system says
 * that it is damaged. @see https://sqlite.org/rescode.html#extrc
 */
const damagedCodes = new Set([522, 8_458]);

/** The database cannot be used as it is, however often it is tried: a person has to do what the message says. */
export class DatabaseError extends RefusedError {
  constructor(message: string, options: ErrorOptions = {}) {
    super(message, { ...options, scope: 'service' });
  }
}

/** SQLite's primary result code; null for an error that is not SQLite's. */
function resultCodeOf(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return null;
  if (damagedCodes.has(error.errcode)) return resultCodes.corrupt;
  // The lowest byte of an extended code is the primary one.
  return error.errcode & 0xff;
}

/** Whether another connection holds the lock that was needed. */
export function isBusy(error: unknown): boolean {
  const code = resultCodeOf(error);
  return code === resultCodes.busy || code === resultCodes.locked;
}

export function isFull(error: unknown): boolean {
  return resultCodeOf(error) === resultCodes.full;
}

/** Whether SQLite does not know the file as one of its own. */
export function isNoDatabase(error: unknown): boolean {
  return resultCodeOf(error) === resultCodes.notADatabase;
}

/**
 * What an error of SQLite means for whoever called: `OutageError` for what may pass, `DatabaseError` for what a person
 * has to mend. Other errors are given back as they are.
 * @param what What was being done: `read job 1`.
 */
export function explained(error: unknown, path: string, what: string): unknown {
  const options = { cause: error };
  switch (resultCodeOf(error)) {
    case null:
      return error;
    case resultCodes.busy:
    case resultCodes.locked:
      return new OutageError(
        `Another program keeps ${path} locked, so Spillway could not ${what}. End that program, or its open transaction.`,
        options,
      );
    case resultCodes.full:
      return new OutageError(
        `The disk with ${path} is full, so Spillway could not ${what}. Free some space; what waits goes on by itself.`,
        options,
      );
    case resultCodes.readOnly:
      return new OutageError(
        `${path} or its folder is read-only, so Spillway could not ${what}. Make both writable for this user.`,
        options,
      );
    case resultCodes.inputOutput:
    case resultCodes.cannotOpen:
      return new OutageError(`The disk with ${path} failed, so Spillway could not ${what}.`, options);
    case resultCodes.corrupt:
    case resultCodes.notADatabase:
      return damaged(path, error);
    case resultCodes.noMemory:
    case resultCodes.protocol:
      return new OutageError(`The database ${path} failed, so Spillway could not ${what}.`, options);
    default:
      // A statement that is wrong, which no other try makes right.
      return error;
  }
}

/** What brings back a backup of the folder that the database is in. */
export function restoreCommand(path: string): string {
  return `npx spillway restore <backup> --data ${dirname(resolve(path))} --replace`;
}

/** The file is not where it was opened. What is written from then on would go to a file that has no name any more. */
export function goneBeneath(path: string): DatabaseError {
  return new DatabaseError(
    `The database ${path} was removed or replaced while Spillway used it. Stop Spillway and bring back the last backup with: ${restoreCommand(path)}`,
  );
}

/** @param cause What was found. */
export function damaged(path: string, cause: unknown): DatabaseError {
  return new DatabaseError(
    `The database ${path} is damaged. Stop Spillway and bring back the last backup with: ${restoreCommand(path)}`,
    { cause },
  );
}
