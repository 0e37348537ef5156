import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Awaitable } from '@spillway/core/steps.ts';

/** Folders for the files of attempts, one for each. */
export interface AttemptFolders {
  pathOf(name: string): string;
  make(path: string): Awaitable<unknown>;
  isThere(path: string): Awaitable<boolean>;
  /** With all that is in it. It is no error when it is not there. */
  remove(path: string): Awaitable<void>;
}

/**
 * On this machine's disk. Its methods throw the system's errors. They answer within the call: each is a few system calls
 * on a folder with two files, and to hand them to other threads would take ten times the processor time.
 */
export function attemptFoldersIn(directory: string): AttemptFolders {
  return {
    pathOf: (name) => join(directory, name),
    make: (path) => mkdirSync(path, { recursive: true }),
    isThere: (path) => existsSync(path),
    remove: (path) => rmSync(path, { recursive: true, force: true }),
  };
}
