import { access, mkdir, rm } from 'node:fs/promises';
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

/** On this machine's disk. Its methods throw the system's errors. */
export function attemptFoldersIn(directory: string): AttemptFolders {
  return {
    pathOf: (name) => join(directory, name),
    make: (path) => mkdir(path, { recursive: true }),
    isThere: (path) =>
      access(path).then(
        () => true,
        () => false,
      ),
    remove: (path) => rm(path, { recursive: true, force: true }),
  };
}
