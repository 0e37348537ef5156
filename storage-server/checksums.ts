import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type Crc32c, openCrc32c } from '@spillway/pipeline/crc32c.ts';
import { StorageError } from './errors.ts';

export interface Checksums {
  size: number;
  crc32c: string;
  md5Hash: string;
}

/** The uploader's own checksums of its bytes (base64). */
export interface ClaimedChecksums {
  crc32c?: string;
  md5Hash?: string;
}

/** Checksums of bytes that come in pieces. */
export interface RunningChecksums {
  update(bytes: Uint8Array): void;
  end(): Checksums;
}

/** Hashers of CRC-32C that nobody uses now: each is a WebAssembly instance, which costs more than a small object. */
const idle: Crc32c[] = [];

export async function openChecksums(): Promise<RunningChecksums> {
  const crc32c = idle.pop() ?? (await openCrc32c());
  const md5 = createHash('md5');
  let size = 0;
  return {
    update(bytes) {
      md5.update(bytes);
      crc32c.update(bytes);
      size += bytes.length;
    },
    end() {
      const checksums = { size, crc32c: crc32c.base64(), md5Hash: md5.digest('base64') };
      crc32c.restart();
      idle.push(crc32c);
      return checksums;
    },
  };
}

/** Reads a whole file once, in pieces, and returns its size in bytes and base64 checksums. */
export async function checksumsOfFile(path: string): Promise<Checksums> {
  const checksums = await openChecksums();
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 18 })) checksums.update(chunk);
  return checksums.end();
}

/** Parses `crc32c=…,md5=…` (an `x-goog-hash` header). */
export function parseGoogHash(header: string | string[] | undefined): ClaimedChecksums {
  const claimed: ClaimedChecksums = {};
  for (const part of [header ?? []].flat().join(',').split(',')) {
    const [, kind, value] = /^\s*(crc32c|md5)=(\S+)\s*$/.exec(part) ?? [];
    if (kind === 'crc32c' && value) claimed.crc32c = value;
    if (kind === 'md5' && value) claimed.md5Hash = value;
  }
  return claimed;
}

/** Throws a 400 if the bytes that arrived are not the ones the uploader claims to have sent. */
export function checkClaimed(claimed: ClaimedChecksums, actual: Checksums): void {
  if (claimed.crc32c !== undefined && claimed.crc32c !== actual.crc32c) {
    throw mismatch('CRC32C', claimed.crc32c, actual.crc32c);
  }
  if (claimed.md5Hash !== undefined && claimed.md5Hash !== actual.md5Hash) {
    throw mismatch('MD5 hash', claimed.md5Hash, actual.md5Hash);
  }
}

function mismatch(kind: string, claimed: string, actual: string): StorageError {
  const message = `Provided ${kind} "${claimed}" doesn't match calculated ${kind} "${actual}".`;
  return new StorageError(400, 'invalid', 'BadDigest', message);
}
