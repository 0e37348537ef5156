import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import { makeZip } from 'client-zip';
import { captionIn, captionLine, captionsHead, isCaption, largestCaption } from './batch-captions.ts';
import { bytesOf, closeFile, openFile, type StoredFile } from './batch-files.ts';
import type { NamedResult } from './batch-results.ts';
import { openAhead } from './open-ahead.ts';

interface ArchivedFile {
  /** In the archive. */
  path: string;
  file: StoredFile;
  result: NamedResult;
  /** Whether its words go into the table of captions. */
  isCaption: boolean;
}

interface ArchiveEntry {
  name: string;
  lastModified: Date;
  input: AsyncIterable<Uint8Array> | string;
}

/** Files that are opened ahead of the one that is sent. */
const openedAhead = 3;

/**
 * A ZIP archive of results, their receipts and a table of captions. Files are read from the bucket as the archive is read,
 * and one at a time, so it takes no more memory for a thousand of them than for one. What is gone, or cannot be read to its
 * end, is named in `missing.txt`. Cancelling the stream ends the reading.
 *
 * Results are stored as they are, since pictures are compressed already. client-zip writes the sizes behind each file, names
 * in UTF-8, and Zip64 where it is needed.
 */
export function archiveOf(
  results: readonly NamedResult[],
  ports: Pick<Ports, 'blobs' | 'log' | 'clock'>,
): ReadableStream<Uint8Array> {
  return makeZip(untilCancelled(entriesOf(results, ports)));
}

async function* entriesOf(
  results: readonly NamedResult[],
  ports: Pick<Ports, 'blobs' | 'log' | 'clock'>,
): AsyncGenerator<ArchiveEntry, void, undefined> {
  const captions: string[] = [];
  const missing: string[] = [];
  const open = ({ file }: ArchivedFile) => openFile(file, ports);
  for await (const [archived, there] of openAhead(filesOf(results), openedAhead, open, closeFile)) {
    const { path, file, result } = archived;
    if (there.kind !== 'opened') {
      missing.push(there.kind === 'gone' ? `${path}: it is gone.` : `${path}: it could not be read.`);
      continue;
    }
    const unwanted = new AbortController();
    const { signal } = unwanted;
    const onShort = () => missing.push(`${path}: its end could not be read, so it is not whole.`);
    const bytes = bytesOf(file, there.opened, ports, { signal, onShort });
    const input = archived.isCaption
      ? noted(bytes, (caption) => captions.push(captionLine(result, caption)))
      : bytes;
    try {
      yield { name: path, lastModified: result.endedAt, input };
    } finally {
      unwanted.abort();
    }
  }
  const lastModified = ports.clock.now();
  if (captions.length > 0) {
    yield { name: 'captions.csv', lastModified, input: captionsHead + captions.join('') };
  }
  if (missing.length > 0) {
    const input = `Of this batch, the archive lacks:\n\n${missing.join('\n')}\n`;
    yield { name: 'missing.txt', lastModified, input };
  }
}

function* filesOf(results: readonly NamedResult[]): Generator<ArchivedFile> {
  for (const result of results) {
    const { name, extension } = result;
    const { bucket, receipt } = result.result;
    const path = `${name}.${extension}`;
    yield { path, file: result.result, result, isCaption: isCaption(result) };
    const receiptFile = { bucket, name: receipt, generation: null, size: null };
    yield { path: `receipts/${name}.receipt.json`, file: receiptFile, result, isCaption: false };
  }
}

/** Passes bytes on, and says which caption they were. */
async function* noted(
  bytes: AsyncIterable<Uint8Array>,
  note: (caption: string) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of bytes) {
    length += chunk.length;
    if (length <= largestCaption) chunks.push(chunk);
    yield chunk;
  }
  const caption = captionIn(Buffer.concat(chunks));
  if (caption !== null) note(caption);
}

/** client-zip throws into its input where the archive is no longer wanted, which is no error: the input just ends. */
function untilCancelled<Entry>(entries: AsyncGenerator<Entry, void, undefined>): AsyncIterable<Entry> {
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => entries.next(),
      throw: () => entries.return(),
      return: () => entries.return(),
    }),
  };
}
