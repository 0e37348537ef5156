import type { Paused } from './backoff.ts';

/**
 * The sending side of Cloud Storage's resumable upload protocol, without browser APIs: the transport and the pauses are
 * parameters.
 */

/** One PUT to the session. `body` is null for a status query, and for the end of an upload without more bytes. */
export interface ChunkRequest {
  url: string;
  contentRange: string;
  body: Blob | null;
  onSent(bytes: number): void;
  signal: AbortSignal;
}

export interface ChunkReply {
  status: number;
  /** The `Range` header of a 308: the bytes that have arrived. Null if there are none. */
  range: string | null;
}

/** Rejects if the connection breaks. An answer of any status resolves. */
export type Transport = (request: ChunkRequest) => Promise<ChunkReply>;

export type UploadFailureCode = 'session_gone' | 'refused' | 'full' | 'connection';

export class UploadFailure extends Error {
  override readonly name = 'UploadFailure';
  readonly code: UploadFailureCode;

  constructor(code: UploadFailureCode, message: string) {
    super(message);
    this.code = code;
  }
}

export interface ResumableUpload {
  url: string;
  file: Blob;
  transport: Transport;
  /** Waits before try number `failures`, and says what for. May throw to give up. */
  pause(failures: number, signal: AbortSignal): Promise<Paused>;
  /** Bytes that have arrived or are on their way. It decreases if the server has less than was sent. */
  onProgress(bytes: number): void;
  /** True from a failed request until bytes arrive again. */
  onInterrupted(interrupted: boolean): void;
  signal: AbortSignal;
  /** The session was used before, so the first request asks what has arrived. */
  resume: boolean;
}

/** Chunks that are not the last must be multiples of this, in bytes. */
export const chunkStep = 256 * 1_024;
const firstChunk = 4 * chunkStep;
const largestChunk = 64 * chunkStep;
const maxFailures = 8;

/**
 * Sends the whole file and resolves when Cloud Storage has the object. After a failure it asks what has arrived and
 * continues there. Throws `UploadFailure`, the browser's error if the file can no longer be read, or the signal's
 * reason when cancelled.
 */
export async function sendResumable(upload: ResumableUpload): Promise<void> {
  const { file, signal } = upload;
  let position = 0;
  let chunkSize = firstChunk;
  let most = largestChunk;
  let failures = 0;
  let query = upload.resume;
  for (;;) {
    signal.throwIfAborted();
    const started = performance.now();
    const reply = await put(upload, query ? null : { from: position, to: position + chunkSize });
    signal.throwIfAborted();
    const outcome = reply === null ? 'interrupted' : classify(reply.status);
    if (outcome === 'finished') {
      upload.onInterrupted(false);
      upload.onProgress(file.size);
      return;
    }
    if (outcome === 'session_gone')
      throw new UploadFailure('session_gone', 'The upload session has expired.');
    if (outcome === 'full') throw new UploadFailure('full', 'There is no room for the file.');
    if (outcome === 'too_large' && chunkSize > chunkStep) {
      // A proxy on the way takes less in one request.
      most = Math.max(chunkStep, Math.floor(chunkSize / 2 / chunkStep) * chunkStep);
      chunkSize = most;
      query = true;
      continue;
    }
    if (outcome === 'refused' || outcome === 'too_large')
      throw new UploadFailure('refused', `Storage refused the file (${reply?.status}).`);
    const arrived = outcome === 'incomplete' ? arrivedBytes(reply?.range ?? null) : position;
    const advanced = arrived > position;
    if (outcome === 'incomplete' && (advanced || query)) {
      chunkSize =
        advanced && !query
          ? Math.min(most, nextChunkSize(chunkSize, performance.now() - started))
          : chunkSize;
      if (advanced) {
        failures = 0;
        upload.onInterrupted(false);
      }
      position = arrived;
      query = false;
      upload.onProgress(position);
      continue;
    }
    failures += 1;
    if (failures > maxFailures) throw new UploadFailure('connection', 'The connection kept breaking.');
    upload.onInterrupted(true);
    upload.onProgress(position);
    if ((await upload.pause(failures, signal)) === 'line_was_down') failures = 0;
    chunkSize = Math.min(most, firstChunk);
    query = true;
  }
}

async function put(
  upload: ResumableUpload,
  span: { from: number; to: number } | null,
): Promise<ChunkReply | null> {
  const { url, file, signal, transport } = upload;
  const total = file.size;
  // Without bytes to send, the same request is a status query, the end of a complete upload and an empty file.
  const bytes = span !== null && span.from < total;
  const to = bytes ? Math.min(span.to, total) : 0;
  const request: ChunkRequest = {
    url,
    contentRange: bytes ? `bytes ${span.from}-${to - 1}/${total}` : `bytes */${total}`,
    body: bytes ? file.slice(span.from, to) : null,
    onSent: (sent) => {
      if (bytes) upload.onProgress(Math.min(to, span.from + sent));
    },
    signal,
  };
  try {
    return await transport(request);
  } catch {
    if (request.body) await assertReadable(request.body);
    // A broken connection: the caller asks what has arrived. The signal tells whether it was cancelled.
    return null;
  }
}

/**
 * Throws the browser's error if the file cannot be read, because it was moved, changed or removed since it was picked.
 * A request with such bytes fails like a broken connection, and retries would be useless.
 */
export async function assertReadable(file: Blob): Promise<void> {
  await file.slice(0, 1).arrayBuffer();
}

type Outcome = 'finished' | 'incomplete' | 'interrupted' | 'session_gone' | 'full' | 'too_large' | 'refused';

function classify(status: number): Outcome {
  if (status === 200 || status === 201) return 'finished';
  if (status === 308) return 'incomplete';
  if (status === 404 || status === 410) return 'session_gone';
  // Waiting a moment makes no room.
  if (status === 507) return 'full';
  if (status === 413) return 'too_large';
  if (status === 408 || status === 429 || status >= 500) return 'interrupted';
  return 'refused';
}

/** How many bytes a 308 says have arrived: `bytes=0-524287` is 524288; no header is none. */
export function arrivedBytes(range: string | null): number {
  const last = /^bytes=0-(\d+)$/.exec(range ?? '')?.[1];
  return last === undefined ? 0 : Number(last) + 1;
}

/**
 * Grows chunks while they are quick, so that a fast line is not slowed by round trips and a slow one shows progress.
 */
export function nextChunkSize(size: number, tookMs: number): number {
  if (tookMs < 800) return Math.min(largestChunk, size * 2);
  if (tookMs > 4_000) return Math.max(chunkStep, Math.floor(size / 2 / chunkStep) * chunkStep);
  return size;
}
