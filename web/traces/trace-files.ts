import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type RecordedSpan, readTraceLine } from './otlp-json.ts';

/** Bounds of one search, so that no number and size of files holds up the site. */
export interface SearchLimits {
  files: number;
  /** Bytes that are read of all files together. The newest files come first. */
  bytes: number;
  /** Bytes of a line. */
  line: number;
  spans: number;
}

const usualLimits: SearchLimits = {
  files: 200,
  bytes: 256 * 2 ** 20,
  line: 8 * 2 ** 20,
  spans: 5_000,
};

export interface FoundSpans {
  spans: RecordedSpan[];
  /** Why they may not be all, as sentences. */
  notes: string[];
}

const newline = 0x0a;

/**
 * Searches the OTLP files of a folder for one trace. A folder that is not there yet has no spans. What cannot be read
 * is told in the notes.
 */
export async function findSpans(
  directory: string,
  traceId: string,
  limits: SearchLimits = usualLimits,
): Promise<FoundSpans> {
  const found = new Map<string, RecordedSpan>();
  const notes = new Set<string>();
  const { files, problem } = await newestFiles(directory);
  if (problem !== null) notes.add(problem);
  if (files.length > limits.files) notes.add(`Only the newest ${limits.files} files were searched.`);
  const needle = Buffer.from(traceId);
  let left = limits.bytes;

  const keep = (line: Buffer) => {
    if (!line.includes(needle)) return;
    for (const span of readTraceLine(line.toString('utf8'), traceId) ?? []) {
      if (found.size < limits.spans || found.has(span.id)) found.set(span.id, span);
      else notes.add(`Only ${limits.spans} spans of this trace were read.`);
    }
  };

  for (const file of files.slice(0, limits.files)) {
    if (left <= 0) {
      notes.add(`Only the newest ${limits.bytes / 2 ** 20} MiB were searched.`);
      break;
    }
    try {
      left -= await eachLine(file, left, limits.line, keep);
    } catch (error) {
      // A file that was rotated away meanwhile has nothing that could be read.
      if (codeOf(error) !== 'ENOENT') notes.add(`A file could not be read: ${codeOf(error)}.`);
    }
  }
  return { spans: [...found.values()], notes: [...notes] };
}

/** The newest first, because a trace is looked at while it is new. */
async function newestFiles(directory: string): Promise<{ files: string[]; problem: string | null }> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    const dated = await Promise.all(
      entries
        .filter((entry) => entry.isFile() && entry.name.endsWith('.jsonl'))
        .map(async ({ name }) => {
          const path = join(directory, name);
          const written = await stat(path).catch(() => null);
          return { path, at: written?.mtimeMs ?? 0 };
        }),
    );
    return { files: dated.sort((a, b) => b.at - a.at).map(({ path }) => path), problem: null };
  } catch (error) {
    const code = codeOf(error);
    return {
      files: [],
      problem: code === 'ENOENT' ? null : `The folder of traces could not be read: ${code}.`,
    };
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
