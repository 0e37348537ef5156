/**
 * The sending side of Cloud Storage's resumable upload protocol, free of browser APIs: how a request is made and how
 * long to pause are handed in.
 */

/** One PUT to the session. `body` is null for a status query and for what finishes an upload without more bytes. */
export interface ChunkRequest {
  url: string;
  contentRange: string;
  body: Blob | null;
  onSent(bytes: number): void;
  signal: AbortSignal;
}

export interface ChunkReply {
  status: number;
  /** The `Range` header of a 308: what has arrived. Null where nothing has. */
  range: string | null;
}

/** Rejects when the connection breaks; an answer of any status resolves. */
export type Transport = (request: ChunkRequest) => Promise<ChunkReply>;

export type UploadFailureCode = 'session_gone' | 'refused' | 'connection';

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
  /** Waits before try number `failures`; may throw to give up. */
  pause(failures: number, signal: AbortSignal): Promise<void>;
  /** Bytes that have arrived or are on their way; goes back when the server has less than was sent. */
  onProgress(bytes: number): void;
  /** True from a failed request until bytes arrive again. */
  onInterrupted(interrupted: boolean): void;
  signal: AbortSignal;
  /** Set where the session was used before: what has arrived is asked first. */
  resume: boolean;
}

/** Chunks that are not the last must be multiples of this, in bytes. */
export const chunkStep = 256 * 1_024;
const firstChunk = 4 * chunkStep;
const largestChunk = 64 * chunkStep;
const maxFailures = 8;

/**
 * Sends the whole file and resolves once Cloud Storage has the object. After any failure it asks what has arrived
 * and goes on from there. Throws `UploadFailure`, the browser's error where the file cannot be read any more, or the
 * signal's reason when cancelled.
 */
export async function sendResumable(upload: ResumableUpload): Promise<void> {
  const { file, signal } = upload;
  let position = 0;
  let chunkSize = firstChunk;
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
    if (outcome === 'refused')
      throw new UploadFailure('refused', `Storage refused the file (${reply?.status}).`);
    const arrived = outcome === 'incomplete' ? arrivedBytes(reply?.range ?? null) : position;
    const advanced = arrived > position;
    if (outcome === 'incomplete' && (advanced || query)) {
      chunkSize = advanced && !query ? nextChunkSize(chunkSize, performance.now() - started) : chunkSize;
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
    await upload.pause(failures, signal);
    chunkSize = firstChunk;
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
    // A broken connection; the caller asks what has arrived. A cancelled request is told from the signal.
    return null;
  }
}

/**
 * Throws what the browser throws when it cannot read the file: it was moved, changed or removed since it was picked. A
 * request with such bytes breaks like a connection, and would be tried in vain.
 */
export async function assertReadable(file: Blob): Promise<void> {
  await file.slice(0, 1).arrayBuffer();
}

type Outcome = 'finished' | 'incomplete' | 'interrupted' | 'session_gone' | 'refused';

function classify(status: number): Outcome {
  if (status === 200 || status === 201) return 'finished';
  if (status === 308) return 'incomplete';
  if (status === 404 || status === 410) return 'session_gone';
  if (status === 408 || status === 429 || status >= 500) return 'interrupted';
  return 'refused';
}

/** How many bytes a 308 says have arrived: `bytes=0-524287` is 524288; no header is none. */
export function arrivedBytes(range: string | null): number {
  const last = /^bytes=0-(\d+)$/.exec(range ?? '')?.[1];
  return last === undefined ? 0 : Number(last) + 1;
}

/** Grows chunks while they are quick, so that a fast line is not slowed by round trips and a slow one shows progress. */
export function nextChunkSize(size: number, tookMs: number): number {
  if (tookMs < 800) return Math.min(largestChunk, size * 2);
  if (tookMs > 4_000) return Math.max(chunkStep, Math.floor(size / 2 / chunkStep) * chunkStep);
  return size;
}
