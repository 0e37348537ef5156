import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { formatBytes } from '@spillway/core/amounts.ts';
import { messageOf, PermanentError, RetryableError } from '@spillway/core/errors.ts';
import { z } from 'zod';
import type { ModelName } from './entries.ts';
import { isNotFound, jsonOrNull } from './installation.ts';
import type { ModelFile } from './manifest.ts';
import type { KeptPart, ModelSource, OpenedFile, StatedSum } from './model-source.ts';
import type { Pin } from './pins.ts';

/** Back-off: milliseconds to wait after each attempt that brought no bytes. One more such attempt ends the download. */
export const defaultPauses = [1_000, 3_000, 9_000];
/** A connection without a byte for this many milliseconds is replaced by another. */
export const defaultStallMs = 60_000;

export interface FileDownload {
  source: ModelSource;
  model: ModelName;
  file: ModelFile;
  /** The pin of its first download into this model folder. Null if there was none, or if the manifest has a SHA-256. */
  pin: Pin | null;
  /** Path of the file. Existing bytes are kept and continued. */
  folder: string;
  /** Path of the notes about an unfinished download. */
  notesFolder: string;
  pauses: readonly number[];
  stallMs: number;
  signal: AbortSignal;
  /** Bytes so far, and bytes of the whole file if they are known. */
  onBytes(bytes: number, total: number | null): void;
}

export interface DownloadedFile {
  name: string;
  bytes: number;
  sha256: string;
}

/** The file and the version that the existing bytes belong to. */
const notesSchema = z.object({ address: z.string(), version: z.string().nullable(), complete: z.boolean() });

/**
 * Fetches one file and checks it. Continues an earlier attempt.
 * @throws PermanentError `model_invalid` if it is not the published file. Throws what the source throws.
 */
export async function downloadFile(download: FileDownload): Promise<DownloadedFile> {
  const before = await keptPart(download);
  try {
    return before.complete ? await sumsOfFile(download) : await fetchWithRetries(download);
  } catch (error) {
    const wrong = error instanceof PermanentError && error.code === 'model_invalid';
    if (!wrong || before.bytes === 0) throw error;
    // The kept part may have been the wrong one, so the file is fetched once more from its start.
    return await fetchWithRetries(download);
  }
}

async function fetchWithRetries(download: FileDownload): Promise<DownloadedFile> {
  const pauses = [...download.pauses];
  for (;;) {
    const before = await keptPart(download);
    try {
      return await fetchOnce(download, before);
    } catch (error) {
      download.signal.throwIfAborted();
      if (!(error instanceof RetryableError)) throw error;
      const after = await keptPart(download);
      // An attempt that brought bytes is not a failure. A bad connection gets there in the end.
      const pause = after.bytes > before.bytes ? download.pauses[0] : pauses.shift();
      if (pause === undefined) throw error;
      await delay(pause, undefined, { signal: download.signal });
    }
  }
}

async function fetchOnce(download: FileDownload, kept: KeptPart): Promise<DownloadedFile> {
  const stall = stallGuard(download.signal, download.stallMs);
  try {
    const opened = await download.source.open(download.model, download.file, kept, stall.signal);
    await checkRoom(download.folder, opened);
    await keepNotes(download, opened.version, false);
    const sums = await receive(download, opened, stall);
    await check(download, opened.address, opened.stated, sums);
    await keepNotes(download, opened.version, true);
    return { name: download.file.name, bytes: sums.bytes, sha256: sums.sha256 };
  } catch (error) {
    // Throws the reason of the abort, not the source's error about being aborted.
    stall.signal.throwIfAborted();
    throw error instanceof PermanentError || error instanceof RetryableError
      ? error
      : passing(error, download);
  } finally {
    stall.end();
  }
}

interface Sums {
  bytes: number;
  sha256: string;
  md5: string;
}

async function receive(download: FileDownload, opened: OpenedFile, stall: StallGuard): Promise<Sums> {
  const sums = runningSums();
  const handle = await open(pathOf(download), 'a+');
  try {
    await handle.truncate(opened.start);
    // The hash is computed from the disk, because the file will be loaded from there.
    await addFile(sums, pathOf(download), opened.start);
    download.onBytes(sums.bytes, opened.total);
    for await (const chunk of opened.content) {
      stall.alive();
      await handle.appendFile(chunk);
      sums.add(chunk);
      download.onBytes(sums.bytes, opened.total);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  if (opened.total !== null && sums.bytes < opened.total) {
    const share = `${sums.bytes} of ${opened.total} bytes`;
    throw new RetryableError('model_missing', `${opened.address} ended after ${share}.`);
  }
  return sums.end();
}

/** A checksum that the file must have, and its origin as the end of a sentence. */
interface Expectation extends StatedSum {
  origin: string;
}

function expectationsOf({ file, pin, source }: FileDownload, stated: StatedSum | null): Expectation[] {
  const all: (Expectation | null)[] = [
    file.sha256 === null ? null : { kind: 'SHA-256', hex: file.sha256, origin: 'as it was published' },
    pin && {
      kind: 'SHA-256',
      hex: pin.sha256,
      origin: `as it was pinned at its first download (${pin.pinnedAt}, from ${pin.source}; if the new file is to be trusted, remove ${pin.path})`,
    },
    file.md5 === null ? null : { kind: 'MD5', hex: file.md5, origin: 'as it was published' },
    stated && { ...stated, origin: `as ${source.name} says` },
  ];
  return all.filter((expectation) => expectation !== null);
}

async function check(
  download: FileDownload,
  address: string,
  stated: StatedSum | null,
  sums: Sums,
): Promise<void> {
  for (const { kind, hex, origin } of expectationsOf(download, stated)) {
    const actual = kind === 'MD5' ? sums.md5 : sums.sha256;
    if (actual === hex) continue;
    await rm(pathOf(download), { force: true });
    throw new PermanentError(
      'model_invalid',
      `${address} is not the expected file: its ${kind} is ${actual} and should be ${hex}, ${origin}. It was deleted.`,
    );
  }
}

async function keptPart(download: FileDownload): Promise<KeptPart & { complete: boolean }> {
  const nothing = { bytes: 0, version: null, complete: false };
  try {
    const { size } = await stat(pathOf(download));
    const text = await readFile(notesPath(download), 'utf8');
    const notes = notesSchema.safeParse(jsonOrNull(text)).data;
    if (notes?.address !== download.source.address(download.model, download.file)) return nothing;
    return { bytes: size, version: notes.version, complete: notes.complete };
  } catch (error) {
    if (isNotFound(error)) return nothing;
    throw error;
  }
}

async function keepNotes(download: FileDownload, version: string | null, complete: boolean): Promise<void> {
  const address = download.source.address(download.model, download.file);
  await writeFile(notesPath(download), JSON.stringify({ address, version, complete }));
}

/** Checks a file again that an earlier attempt completed, because it may have changed on the disk. */
async function sumsOfFile(download: FileDownload): Promise<DownloadedFile> {
  const sums = runningSums();
  await addFile(sums, pathOf(download), Number.POSITIVE_INFINITY);
  const whole = sums.end();
  await check(download, pathOf(download), null, whole);
  download.onBytes(whole.bytes, whole.bytes);
  return { name: download.file.name, bytes: whole.bytes, sha256: whole.sha256 };
}

function pathOf({ folder, file }: FileDownload): string {
  return join(folder, file.name);
}

function notesPath({ notesFolder, file }: FileDownload): string {
  return join(notesFolder, `${file.name}.json`);
}

interface RunningSums {
  readonly bytes: number;
  add(chunk: Uint8Array): void;
  end(): Sums;
}

function runningSums(): RunningSums {
  const hashes: [Hash, Hash] = [createHash('sha256'), createHash('md5')];
  let bytes = 0;
  return {
    get bytes() {
      return bytes;
    },
    add(chunk) {
      bytes += chunk.length;
      for (const hash of hashes) hash.update(chunk);
    },
    end: () => ({ bytes, sha256: hashes[0].digest('hex'), md5: hashes[1].digest('hex') }),
  };
}

/** Adds the first `length` bytes of a file to the hash. */
async function addFile(sums: RunningSums, path: string, length: number): Promise<void> {
  if (length === 0) return;
  for await (const chunk of createReadStream(path, { end: length - 1, highWaterMark: 1 << 20 }))
    sums.add(chunk);
}

interface StallGuard {
  /** Aborted if the caller gives up, or if no byte has arrived for a while. */
  signal: AbortSignal;
  alive(): void;
  end(): void;
}

function stallGuard(outer: AbortSignal, stallMs: number): StallGuard {
  const stalled = new AbortController();
  const reason = new RetryableError('model_missing', `Nothing has arrived for ${stallMs / 1_000} s.`);
  const timer = setTimeout(() => stalled.abort(reason), stallMs);
  return {
    signal: AbortSignal.any([outer, stalled.signal]),
    alive: () => timer.refresh(),
    end: () => clearTimeout(timer),
  };
}

function passing(error: unknown, { source, model, file }: FileDownload): RetryableError | PermanentError {
  const problem = storageProblem(error);
  if (problem) return problem;
  const address = source.address(model, file);
  const reason = messageOf(error);
  return new RetryableError('model_missing', `${address} was cut off (${reason}).`, { cause: error });
}

/** What is wrong with the disk of the model folder; null if the error is about something else. */
export function storageProblem(error: unknown): PermanentError | null {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT': {
      const mend = 'Free some space, or name a folder on another disk with SPILLWAY_MODELS_DIR';
      return new PermanentError('model_missing', `The model folder's disk is full. ${mend}.`, {
        cause: error,
      });
    }
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'ENOTDIR':
    case 'EEXIST': {
      const mend = 'Name a folder that can be written with SPILLWAY_MODELS_DIR';
      const message = `The model folder cannot be written (${code}). ${mend}.`;
      return new PermanentError('model_missing', message, { cause: error });
    }
    default:
      return null;
  }
}

/** Refuses a file at once if the disk has no room for it, and not after an hour. */
async function checkRoom(folder: string, { start, total }: OpenedFile): Promise<void> {
  if (total === null) return;
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const needed = total - start;
  if (needed <= free) return;
  const room = `${formatBytes(needed)} are needed and ${formatBytes(free)} are free in ${folder}`;
  const mend = 'Free some space, or name a folder on another disk with SPILLWAY_MODELS_DIR';
  throw new PermanentError('model_missing', `The disk has no room: ${room}. ${mend}.`);
}
