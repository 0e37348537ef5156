import { PermanentError, RetryableError } from '@spillway/core/errors.ts';
import type { ModelName } from './entries.ts';
import type { ModelFile } from './manifest.ts';
import type { KeptPart, ModelSource, OpenedFile, StatedSum } from './model-source.ts';

/** The publishers' own addresses, over HTTP. */
export const publicSource: ModelSource = {
  name: 'public',
  address: (_model, file) => file.url,
  async open(_model: ModelName, file: ModelFile, kept: KeptPart, signal: AbortSignal) {
    const answer = await request(file.url, kept, signal);
    if (answer.response.status === 416) return await afterRefusedRange(answer, file.url, kept, signal);
    return opened(answer, file.url, kept);
  },
};

interface Answer {
  response: Response;
  stated: StatedSum | null;
}

/** Most redirects: the same number that browsers follow. */
const mostRedirects = 20;

/**
 * Follows redirects itself, because the Hugging Face Hub states a large file's SHA-256 in the redirect to its storage.
 */
async function request(url: string, kept: KeptPart, signal: AbortSignal): Promise<Answer> {
  // Compressed content would have another length and other offsets than the file.
  const headers = { 'accept-encoding': 'identity', ...rangeHeaders(kept) };
  let stated: StatedSum | null = null;
  let at = new URL(url);
  for (let redirects = 0; redirects <= mostRedirects; redirects++) {
    const response = await fetchFrom(at, headers, signal);
    stated ??= statedSum(response);
    const location =
      response.status >= 300 && response.status < 400 ? response.headers.get('location') : null;
    if (location === null) return { response, stated };
    await response.body?.cancel();
    at = new URL(location, at);
  }
  throw new PermanentError('model_missing', `${url} leads from address to address without end.`);
}

async function fetchFrom(url: URL, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(url, { headers, signal, redirect: 'manual' });
  } catch (error) {
    signal.throwIfAborted();
    const reason = causeOf(error);
    throw new RetryableError('model_missing', `${url.host} could not be reached (${reason}).`, {
      cause: error,
    });
  }
}

/**
 * The Hub's `X-Linked-Etag`. For a file in large-file storage, it is the SHA-256. For others, it is a sum of Git's and
 * ignored.
 * @see https://huggingface.co/docs/huggingface_hub/package_reference/file_download
 */
function statedSum({ headers }: Response): StatedSum | null {
  const hex = /^"?([0-9a-f]{64})"?$/.exec(headers.get('x-linked-etag') ?? '')?.[1];
  return hex ? { kind: 'SHA-256', hex } : null;
}

/** A part is continued only by its version. Without one, a changed file could not be noticed. */
function rangeHeaders({ bytes, version }: KeptPart): Record<string, string> {
  return bytes > 0 && version ? { range: `bytes=${bytes}-`, 'if-range': version } : {};
}

function opened({ response, stated }: Answer, url: string, kept: KeptPart): OpenedFile {
  if (!response.ok || !response.body) throw refusal(response, url);
  const range = response.status === 206 ? contentRange(response) : null;
  if (response.status === 206 && range?.start !== kept.bytes) {
    throw new RetryableError('model_missing', `${url} answered with another part than was asked for.`);
  }
  const length = Number(response.headers.get('content-length') ?? Number.NaN);
  return {
    content: contentOf(response),
    start: range?.start ?? 0,
    total: range ? range.total : Number.isFinite(length) ? length : null,
    version: versionOf(response),
    stated,
    address: url,
  };
}

/**
 * Keeps a reference to the response until its body is read. Node cancels the body of a response without references, and
 * the file would end after 0 bytes.
 */
async function* contentOf(response: Response): AsyncGenerator<Uint8Array> {
  yield* response.body ?? [];
}

/** Handles 416: nothing is left after the kept part, or the part is longer than the file. */
async function afterRefusedRange(
  { response, stated }: Answer,
  url: string,
  kept: KeptPart,
  signal: AbortSignal,
): Promise<OpenedFile> {
  await response.body?.cancel();
  if (contentRange(response)?.total !== kept.bytes) {
    const nothing = { bytes: 0, version: null };
    return opened(await request(url, nothing, signal), url, nothing);
  }
  const { bytes, version } = kept;
  return { content: nothingLeft(), start: bytes, total: bytes, version, stated, address: url };
}

async function* nothingLeft(): AsyncGenerator<Uint8Array> {}

/** `bytes 5-9/10` or, from a refusal, `bytes * /10` without the space. */
function contentRange(response: Response): { start: number | null; total: number | null } | null {
  const text = response.headers.get('content-range') ?? '';
  const match = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(text);
  if (!match) return null;
  const [, start, total] = match;
  return { start: start ? Number(start) : null, total: total && total !== '*' ? Number(total) : null };
}

/** What `If-Range` accepts: a strong ETag or, without one, a date. */
function versionOf({ headers }: Response): string | null {
  const etag = headers.get('etag');
  if (etag?.startsWith('"')) return etag;
  return headers.get('last-modified');
}

function refusal({ status, statusText }: Response, url: string): PermanentError | RetryableError {
  const answer = `${url} answered ${status} ${statusText}`.trimEnd();
  const passes = status >= 500 || status === 408 || status === 429;
  return passes
    ? new RetryableError('model_missing', `${answer}.`)
    : new PermanentError('model_missing', `${answer}.`);
}

/** fetch() only says 'fetch failed'. The reason is in its cause. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (!(cause instanceof Error)) return String(cause);
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
}
