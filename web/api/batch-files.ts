import { messageOf } from '@spillway/core/errors.ts';
import type { OpenBlob } from '@spillway/pipeline/ports/blobs.ts';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';

/** An object of the results bucket. */
export interface StoredFile {
  bucket: string;
  name: string;
  /** Null for the one that is there now. */
  generation: string | null;
  /** Bytes; null where only reading tells. */
  size: number | null;
}

export type OpenedFile =
  | { kind: 'opened'; opened: OpenBlob }
  | { kind: 'gone' }
  | { kind: 'unreadable'; why: string };

type FilePorts = Pick<Ports, 'blobs' | 'log'>;

/** Opens a file, or says why it cannot be read. Never fails. */
export async function openFile(file: StoredFile, { blobs, log }: FilePorts, from = 0): Promise<OpenedFile> {
  const { bucket, name, generation, size } = file;
  const part = {
    ...(generation === null ? {} : { generation }),
    ...(from > 0 && size !== null ? { range: { first: from, last: size - 1 } } : {}),
  };
  try {
    const opened = await blobs.read(bucket, name, part);
    return opened ? { kind: 'opened', opened } : { kind: 'gone' };
  } catch (error) {
    log.warn({ error, bucket, name }, 'A file of a batch could not be read.');
    return { kind: 'unreadable', why: messageOf(error) };
  }
}

export function closeFile(file: OpenedFile): void {
  if (file.kind === 'opened') file.opened.stream.on('error', () => {}).destroy();
}

/** How often a file whose stream breaks off is opened again from there. */
const mostResumptions = 3;

/**
 * The bytes of an opened file. Where its stream breaks off, it is read on from there. Never fails.
 * @param reader `signal`: aborted when nobody wants the rest. `onShort`: told of a file whose end could not be read.
 */
export async function* bytesOf(
  file: StoredFile,
  first: OpenBlob,
  ports: FilePorts,
  reader: { signal: AbortSignal; onShort: () => void },
): AsyncGenerator<Uint8Array, void, undefined> {
  const { signal, onShort } = reader;
  let sent = 0;
  let opened = first;
  signal.addEventListener('abort', () => closeFile({ kind: 'opened', opened }));
  for (let resumptions = 0; ; resumptions++) {
    try {
      for await (const chunk of opened.stream as AsyncIterable<Uint8Array>) {
        sent += chunk.length;
        yield chunk;
      }
      if (file.size === null || sent >= file.size) return;
    } catch (error) {
      if (signal.aborted) return;
      ports.log.warn({ error, name: file.name, sent }, 'The stream of a file broke off.');
    }
    const isLast = file.size === null || resumptions === mostResumptions;
    const again = isLast ? null : await openFile(file, ports, sent);
    if (again?.kind !== 'opened') {
      onShort();
      return;
    }
    opened = again.opened;
  }
}
