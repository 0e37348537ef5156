import { createReadStream, createWriteStream, type Stats } from 'node:fs';
import { access, constants, lstat, readlink, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { isatty } from 'node:tty';
import { hasCode, PermanentError } from '@spillway/core/errors.ts';
import { defaultInputLimits } from '@spillway/processing/input-limits.ts';
import { fileProblem } from './file-problem.ts';
import { openFileNumber, streamLabel } from './standard-stream.ts';
import { UsageError } from './usage-error.ts';

/** The place that a picture is read from. */
export type Input =
  | { kind: 'folder'; path: string }
  | { kind: 'file'; path: string }
  /** Can be read only once, from its current position: standard input, a pipe, a character device. */
  | { kind: 'stream'; path: string; label: string }
  /** Exists and cannot be read. `message` is a whole sentence. */
  | { kind: 'unreadable'; path: string; message: string };

/** @throws UsageError if nothing is at the path. */
export async function findInput(path: string): Promise<Input> {
  const number = openFileNumber(path);
  if (number !== null) return standardInput(path, number);
  const found = await lookAt(path);
  switch (found.kind) {
    case 'absent':
      throw new UsageError(`Nothing is at ${path}.`);
    case 'broken link':
      throw new UsageError(`${path} ${found.problem}.`);
    case 'problem':
      return { kind: 'unreadable', path, message: `${path} ${found.problem}.` };
    case 'found':
      if (found.stats.isDirectory()) return { kind: 'folder', path };
      if (found.stats.isFIFO() || found.stats.isCharacterDevice())
        return { kind: 'stream', path, label: path };
      return await fileOrProblem(path, found.stats);
    default:
      return found satisfies never;
  }
}

function standardInput(path: string, number: number): Input {
  const label = streamLabel(path);
  if (isatty(number))
    throw new UsageError(`${label} is a terminal: send a picture to it, as in "< photo.jpg".`);
  return { kind: 'stream', path, label };
}

/** @param stats Of the file itself, not of a link to it. */
export async function fileOrProblem(
  path: string,
  stats: Stats,
): Promise<Extract<Input, { kind: 'file' | 'unreadable' }>> {
  const special = specialKind(stats);
  if (special) return { kind: 'unreadable', path, message: `${path} is ${special} and no picture.` };
  try {
    await access(path, constants.R_OK);
    return { kind: 'file', path };
  } catch (error) {
    return { kind: 'unreadable', path, message: `${path} ${fileProblem(error) ?? 'cannot be read'}.` };
  }
}

function specialKind(stats: Stats): string | null {
  if (stats.isFIFO()) return 'a pipe';
  if (stats.isSocket()) return 'a socket';
  if (stats.isCharacterDevice() || stats.isBlockDevice()) return 'a device';
  return null;
}

export type Look =
  | { kind: 'absent' }
  /** `problem` is the end of a sentence that begins with the path. */
  | { kind: 'broken link' | 'problem'; problem: string }
  /** `stats` are those of the file itself, not of a link to it. */
  | { kind: 'found'; stats: Stats; isLink: boolean };

/** Looks at a path. An entry that is missing and one that cannot be read are different answers. */
export async function lookAt(path: string): Promise<Look> {
  try {
    const own = await lstat(path);
    if (!own.isSymbolicLink()) return { kind: 'found', stats: own, isLink: false };
    return await throughLink(path);
  } catch (error) {
    const absent = hasCode(error, 'ENOENT');
    if (absent) return { kind: 'absent' };
    const problem = fileProblem(error);
    if (problem === null) throw error;
    return { kind: 'problem', problem };
  }
}

async function throughLink(path: string): Promise<Look> {
  try {
    return { kind: 'found', stats: await stat(path), isLink: true };
  } catch (error) {
    const problem = fileProblem(error);
    if (problem === null) throw error;
    const broken = hasCode(error, 'ENOENT');
    if (!broken) return { kind: 'problem', problem };
    return { kind: 'broken link', problem: `is a link to ${await readlink(path)}, where nothing is` };
  }
}

/** Equal for two names of one file, such as hard links, and different for two files. */
export function identityOf({ dev, ino }: Stats): string {
  return `${dev}:${ino}`;
}

/**
 * Reads a stream into a file. Stops at the size limit of a picture.
 * @throws PermanentError `file_too_large`.
 */
export async function keepStream(path: string, to: string): Promise<void> {
  const { maxBytes } = defaultInputLimits;
  const number = openFileNumber(path);
  const source =
    number === null ? createReadStream(path) : createReadStream('', { fd: number, autoClose: false });
  let bytes = 0;
  await pipeline(
    source,
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        bytes += chunk.length;
        if (bytes > maxBytes) {
          const limit = `${maxBytes / 2 ** 20} MiB`;
          throw new PermanentError(
            'file_too_large',
            `${streamLabel(path)} has more than the limit of ${limit}.`,
          );
        }
        yield chunk;
      }
    },
    createWriteStream(to),
  );
}
