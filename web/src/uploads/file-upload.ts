import { type ReadonlySignal, signal } from '@preact/signals';
import { formatBytes } from '@spillway/core/amounts.ts';
import { largestFile } from '@spillway/core/file-size.ts';
import type { OperationName } from '@spillway/core/operations.ts';
import type { UploadProtocol } from '@spillway/core/upload-protocol.ts';
import {
  largestBatch,
  mostPixels,
  type Upload,
  type UploadRequest,
  uploadSchema,
} from '@spillway/web/api/schema.ts';
import { requestJson } from '../http/request.ts';
import { pauseBetween, waitAsAsked } from './backoff.ts';
import type { Line } from './line.ts';
import { pixelsOf } from './picture-size.ts';
import { assertReadable, sendResumable, UploadFailure } from './resumable.ts';
import { xhrTransport } from './xhr-transport.ts';

export type UploadPhase =
  /** `held`: the server takes no more uploads for a moment. The upload continues by itself. */
  | { kind: 'waiting'; held: boolean }
  | { kind: 'sending'; sent: number; interrupted: boolean }
  | { kind: 'sent' }
  /** `passing`: the connection broke, so it goes on by itself when the line is back. */
  | { kind: 'failed'; message: string; passing?: boolean }
  /** Not sent, and not worth another try. */
  | { kind: 'refused'; message: string }
  | { kind: 'cancelled' };

export type ChosenOptions = Partial<Record<OperationName, Record<string, unknown>>>;

export interface UploadPlan {
  operations: OperationName[];
  options: ChosenOptions;
  batchId: string;
  /** How many files were picked together. */
  files: number;
}

/** One file on its way to the bucket. */
export interface FileUpload {
  /** Identifies the upload on this page, before it has the server's id. */
  readonly key: string;
  readonly file: File;
  readonly plan: UploadPlan;
  readonly addedAt: number;
  /** Its place among the files that were picked together, from 0. */
  readonly index: number;
  /** Local address of the picture, to show it at once. */
  readonly preview: string;
  readonly phase: ReadonlySignal<UploadPhase>;
  /** The server's id, by which jobs name their upload; null until the session is open. */
  readonly uploadId: ReadonlySignal<string | null>;
  /** Where its bytes go; null until the session is open. */
  readonly session: ReadonlySignal<Upload | null>;
  send(): Promise<void>;
  /** Makes a failed or cancelled upload ready to be sent again. */
  reset(): void;
  cancel(): void;
  /** Frees the preview. */
  dispose(): void;
}

/** What an upload is called, and where it stands among others. */
interface UploadPlace extends Pick<FileUpload, 'addedAt' | 'index'> {
  /** Of an upload that goes on after an earlier visit. */
  key?: string;
  session?: Upload | null;
}

const newSessions = 2;
const nothingSent: UploadPhase = { kind: 'sending', sent: 0, interrupted: false };
/** How many times a server that is overloaded or down is asked again. */
const mostOutages = 5;

const senders = { 'gcs-resumable': sendResumable } satisfies Record<UploadProtocol, typeof sendResumable>;

/** Prepares the upload of one file. Nothing is sent before `send()`. */
export function createFileUpload(
  file: File,
  plan: UploadPlan,
  { addedAt, index, key, session: known }: UploadPlace,
  line: Line,
): FileUpload {
  const phase = signal<UploadPhase>(refusal(file) ?? { kind: 'waiting', held: false });
  const session = signal<Upload | null>(known ?? null);
  const uploadId = signal<string | null>(known?.uploadId ?? null);
  const preview = URL.createObjectURL(file);
  let controller = new AbortController();

  const transfer = async (signal: AbortSignal): Promise<void> => {
    await assertReadable(file);
    const resume = session.peek() !== null;
    const onHeld = (held: boolean) => {
      if (!signal.aborted) phase.value = held ? { kind: 'waiting', held } : nothingSent;
    };
    const opened = session.peek() ?? (await openSession(file, plan, index, { signal, line, onHeld }));
    session.value = opened;
    uploadId.value = opened.uploadId;
    let sent = 0;
    let interrupted = false;
    const show = () => {
      if (!signal.aborted) phase.value = { kind: 'sending', sent, interrupted };
    };
    await senders[opened.protocol]({
      url: opened.sessionUrl,
      file,
      transport: xhrTransport,
      pause: pauseBetween(line),
      onProgress: (bytes) => {
        sent = bytes;
        show();
      },
      onInterrupted: (now) => {
        interrupted = now;
        show();
      },
      signal,
      resume,
    });
  };

  return {
    key: key ?? crypto.randomUUID(),
    file,
    plan,
    addedAt,
    index,
    preview,
    phase,
    uploadId,
    session,
    async send() {
      if (phase.peek().kind !== 'waiting') return;
      controller = new AbortController();
      const { signal } = controller;
      phase.value = nothingSent;
      try {
        for (let sessions = 1; ; sessions += 1) {
          try {
            await transfer(signal);
            break;
          } catch (error) {
            if (!(error instanceof UploadFailure && error.code === 'session_gone')) throw error;
            session.value = null;
            if (sessions > newSessions) throw error;
          }
        }
        phase.value = { kind: 'sent' };
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof UploadFailure && error.code === 'refused') session.value = null;
        const passing = error instanceof UploadFailure && error.code === 'connection';
        phase.value = { kind: 'failed', message: failureMessage(error), passing };
      }
    },
    reset() {
      phase.value = refusal(file) ?? { kind: 'waiting', held: false };
    },
    cancel() {
      phase.value = { kind: 'cancelled' };
      controller.abort();
    },
    dispose: () => URL.revokeObjectURL(preview),
  };
}

/** A file that the server would refuse is not sent. */
function refusal(file: File): UploadPhase | null {
  if (file.size <= largestFile) return null;
  const sizes = `${formatBytes(file.size)}; the limit is ${largestFile / 2 ** 20} MiB`;
  return { kind: 'refused', message: `The file is too large (${sizes}).` };
}

class SessionRefused extends Error {
  override readonly name = 'SessionRefused';
}

interface Opening {
  signal: AbortSignal;
  line: Line;
  onHeld(held: boolean): void;
}

/**
 * Opens the upload session. A server that says when to come back is asked again then: without end if it is only asked
 * too often (429), a few times if it is down. While the line is down, it waits for it.
 */
async function openSession(
  file: File,
  plan: UploadPlan,
  index: number,
  { signal, line, onHeld }: Opening,
): Promise<Upload> {
  const pixels = await pixelsOf(file);
  const body: UploadRequest = {
    // Some systems allow names that are not well-formed text.
    fileName: file.name.toWellFormed(),
    contentType: file.type || 'application/octet-stream',
    size: file.size,
    operations: plan.operations,
    options: plan.options,
    batchId: plan.batchId,
    files: Math.min(plan.files, largestBatch),
    ...(index < largestBatch ? { index } : {}),
    ...(pixels !== null && pixels <= mostPixels ? { pixels } : {}),
  };
  const pause = pauseBetween(line);
  for (let outages = 0; ; ) {
    const reply = await requestJson('/uploads', uploadSchema, { method: 'POST', signal, body });
    if (reply.ok) return reply.value;
    const { status, message, retryAfterMs } = reply.failure;
    if (status === 0) {
      if (outages >= mostOutages) throw new UploadFailure('connection', message);
      if ((await pause(outages + 1, signal)) === 'waited') outages += 1;
      signal.throwIfAborted();
      continue;
    }
    if (status !== 429) outages += 1;
    if (retryAfterMs === null || outages > mostOutages) throw new SessionRefused(message);
    onHeld(true);
    await waitAsAsked(retryAfterMs, signal);
    onHeld(false);
  }
}

function failureMessage(error: unknown): string {
  if (error instanceof SessionRefused) return `The upload could not start. ${error.message}`;
  if (!(error instanceof UploadFailure)) return 'The file could not be read. Has it been moved or changed?';
  switch (error.code) {
    case 'connection':
      return 'The connection broke too often. What has arrived is kept: retry goes on from there.';
    case 'session_gone':
      return 'The upload took too long and its session has expired. Retry starts over.';
    case 'full':
      return 'No more pictures are taken, since there is no room for them. What has arrived is kept: retry goes on from there.';
    case 'refused':
      return `The storage refused the file. ${error.message}`;
    default:
      return error.code satisfies never;
  }
}
