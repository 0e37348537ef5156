import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Bounds of one search, so that no number and size of files holds up the site. */
export interface LineLimits {
  files: number;
  /** Bytes that are read of all files together. The newest files come first. */
  bytes: number;
  /** Bytes of a line. */
  line: number;
}

const newline = 0x0a;

/**
 * Calls back with each line of the files of a folder whose name ends like this, the newest files first. A folder that is
 * not there yet has none.
 * @returns Why these may not be all lines, as sentences.
 */
export async function searchLines(
  directory: string,
  { ending, what }: { ending: string; what: string },
  limits: LineLimits,
  onLine: (line: Buffer) => void,
): Promise<Set<string>> {
  const notes = new Set<string>();
  const { files, problem } = await newestFiles(directory, ending, what);
  if (problem !== null) notes.add(problem);
  if (files.length > limits.files) notes.add(`Only the newest ${limits.files} files were searched.`);
  let left = limits.bytes;
  for (const file of files.slice(0, limits.files)) {
    if (left <= 0) {
      notes.add(`Only the newest ${limits.bytes / 2 ** 20} MiB were searched.`);
      break;
    }
    try {
      left -= await eachLine(file, left, limits.line, onLine);
    } catch (error) {
      // A file that was rotated away during the search has nothing that could be read.
      if (codeOf(error) !== 'ENOENT') notes.add(`A file could not be read: ${codeOf(error)}.`);
    }
  }
  return notes;
}

/** The newest first, because a job is looked at while it is new. */
async function newestFiles(
  directory: string,
  ending: string,
  what: string,
): Promise<{ files: string[]; problem: string | null }> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    const dated = await Promise.all(
      entries
        .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
        .map(async ({ name }) => {
          const path = join(directory, name);
          const written = await stat(path).catch(() => null);
          return { path, at: written?.mtimeMs ?? 0 };
        }),
    );
    return { files: dated.sort((a, b) => b.at - a.at).map(({ path }) => path), problem: null };
  } catch (error) {
    const code = codeOf(error);
    const problem = code === 'ENOENT' ? null : `The folder of ${what} could not be read: ${code}.`;
    return { files: [], problem };
  }
}

/**
 * Calls back with each line of a file, the last one too if it has no end. A longer line than `longest` is passed over.
 * @returns How many bytes were read.
 */
async function eachLine(
  file: string,
  mostBytes: number,
  longest: number,
  onLine: (line: Buffer) => void,
): Promise<number> {
  let bytes = 0;
  let begun: Buffer[] = [];
  let length = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: 2 ** 20, end: mostBytes - 1 })) {
    const block = chunk as Buffer;
    bytes += block.length;
    let from = 0;
    for (let at = block.indexOf(newline); at >= 0; at = block.indexOf(newline, from)) {
      const piece = block.subarray(from, at);
      if (length + piece.length <= longest)
        onLine(begun.length === 0 ? piece : Buffer.concat([...begun, piece]));
      begun = [];
      length = 0;
      from = at + 1;
    }
    const rest = block.subarray(from);
    length += rest.length;
    if (length > longest) begun = [];
    else if (rest.length > 0) begun.push(rest);
  }
  if (length > 0 && length <= longest) onLine(Buffer.concat(begun));
  return bytes;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}
