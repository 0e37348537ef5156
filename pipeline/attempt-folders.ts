import { createReadStream, existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Awaitable } from '@spillway/core/steps.ts';
import { crc32cOf, openCrc32c } from './crc32c.ts';

/** A larger file is read piece by piece, beside other work. Bytes. */
const mostAtOnce = 1_024 * 1_024;

/** Folders for the files of attempts, one for each. */
export interface AttemptFolders {
  pathOf(name: string): string;
  make(path: string): Awaitable<unknown>;
  isThere(path: string): Awaitable<boolean>;
  /** CRC-32C of a file in one of them (see `crc32cSchema`). */
  checksum(path: string): Awaitable<string>;
  /** With all that is in it. It is no error when it is not there. */
  remove(path: string): Awaitable<void>;
}

/**
 * On this machine's disk. Its methods throw the system's errors. Most answer within the call: each is a few system calls
 * on a folder with two files, and to hand them to other threads would take ten times the processor time.
 */
export function attemptFoldersIn(directory: string): AttemptFolders {
  return {
    pathOf: (name) => join(directory, name),
    make: (path) => mkdirSync(path, { recursive: true }),
    isThere: (path) => existsSync(path),
    checksum: (path) => (statSync(path).size <= mostAtOnce ? crc32cOf(readFileSync(path)) : checksumOf(path)),
    remove: (path) => rmSync(path, { recursive: true, force: true }),
  };
}

async function checksumOf(path: string): Promise<string> {
  const checksum = await openCrc32c();
  for await (const chunk of createReadStream(path)) checksum.update(chunk);
  return checksum.base64();
}
