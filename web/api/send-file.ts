import type { Readable } from 'node:stream';
import type { BlobReference, Blobs, ByteRange, OpenBlob } from '@spillway/pipeline/ports/blobs.ts';
import type { Context } from 'hono';
import { wantedBytes } from './byte-ranges.ts';
import { bodyOf } from './file-body.ts';
import { ProblemError } from './problems.ts';

const mebibyte = 1_024 * 1_024;
/**
 * Larger answers have no `Content-Length` and are sent in chunks: over HTTP/1, Cloud Run refuses an answer that says
 * that it has more than 32 MiB. @see https://cloud.google.com/run/quotas
 */
const largestDeclared = 32 * mebibyte;
/** Browsers fetch larger pictures from the bucket itself, where this program's account can sign an address. */
const largestSentHere = 8 * mebibyte;
/** How long such an address lives, milliseconds. */
const addressForMs = 5 * 60_000;

/** Even a file that passes for a picture can do nothing but be shown. */
export const inertHeaders = {
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
  'Cross-Origin-Resource-Policy': 'same-origin',
  // Asked for again each time, which an ETag answers without the bytes: a deleted job's picture must go.
  'Cache-Control': 'private, no-cache',
};

/** One generation of an object, as a file for a browser. */
export interface FileToSend {
  blob: BlobReference;
  /** Bytes, as it is stored. */
  size: number;
  contentType: string;
  /** A `Content-Disposition`; null where the browser shows it. */
  disposition: string | null;
  /** The problem where it is no longer there. */
  gone: () => ProblemError;
}

/** The answer to somebody who has the file already, or null. */
export function notModified(c: Context, generation: string): Response | null {
  if (!namesTag(c, etagOf(generation))) return null;
  return new Response(null, { status: 304, headers: { ...inertHeaders, ETag: etagOf(generation) } });
}

/** Whether the request says, in `If-None-Match`, that it has what this ETag names. */
export function namesTag(c: Context, etag: string): boolean {
  const tags = c.req
    .header('if-none-match')
    ?.split(',')
    .map((tag) => tag.trim().replace(/^W\//, ''));
  return tags?.some((tag) => tag === '*' || tag === etag) ?? false;
}

/** Which bytes the request wants: null for all of them. Throws a problem where the file has no such bytes. */
export function requestedRange(
  c: Context,
  { blob, size }: Pick<FileToSend, 'blob' | 'size'>,
): ByteRange | null {
  if (c.req.method === 'HEAD') return null;
  const headers = { range: c.req.header('range'), ifRange: c.req.header('if-range') };
  const wanted = wantedBytes(headers, { size, etag: etagOf(blob.generation) });
  switch (wanted.kind) {
    case 'all':
      return null;
    case 'part':
      return wanted.range;
    case 'unsatisfiable':
      throw new ProblemError('range_not_satisfiable', `The file has ${size} bytes.`, {
        headers: { 'Content-Range': `bytes */${size}` },
      });
    default:
      return wanted satisfies never;
  }
}

/** Whether the bucket should send the file itself. Pages read what is no picture as text, which only this site may give them. */
export function isForBucket({ size, contentType }: Pick<FileToSend, 'size' | 'contentType'>): boolean {
  return size > largestSentHere && contentType.startsWith('image/');
}

/**
 * Sends a file: from the bucket, by an address that ends in some minutes, where it is large and this program's account
 * can sign; else through this program, as it comes and without a copy. Ranges work either way.
 */
export async function sendFile(c: Context, file: FileToSend, blobs: Blobs): Promise<Response> {
  const range = requestedRange(c, file);
  if (c.req.method === 'HEAD') return describeFile(file, file.size);
  if (isForBucket(file)) {
    const { contentType, disposition } = file;
    const address = await blobs.readAddress(file.blob, { contentType, disposition, forMs: addressForMs });
    if (address !== null) {
      const headers = { Location: address, 'Cache-Control': 'private, no-store' };
      return new Response(null, { status: 302, headers });
    }
  }
  const { bucket, name, generation } = file.blob;
  const opened = await blobs.read(bucket, name, { generation, ...(range ? { range } : {}) });
  if (!opened) throw file.gone();
  return sendOpened(file, opened, range);
}

/** The answer to HEAD. `size`: bytes that GET would send, or null where only their end tells. */
export function describeFile(file: FileToSend, size: number | null): Response {
  return answer(file, null, null, size);
}

/** Sends what is open already. `range`: what was asked for when it was opened. */
export function sendOpened(file: FileToSend, opened: OpenBlob, range: ByteRange | null): Response {
  // A packed object was opened as a whole.
  const part = opened.size === null ? null : range;
  return answer(file, opened.stream, part, opened.size);
}

function answer(
  file: FileToSend,
  stream: Readable | null,
  range: ByteRange | null,
  size: number | null,
): Response {
  const headers = new Headers({
    ...inertHeaders,
    ETag: etagOf(file.blob.generation),
    'Content-Type': file.contentType,
  });
  if (size !== null) headers.set('Accept-Ranges', 'bytes');
  if (size !== null && size <= largestDeclared) headers.set('Content-Length', String(size));
  if (file.disposition !== null) headers.set('Content-Disposition', file.disposition);
  if (range) headers.set('Content-Range', `bytes ${range.first}-${range.last}/${file.size}`);
  return new Response(stream && bodyOf(stream), { status: range ? 206 : 200, headers });
}

function etagOf(generation: string): string {
  return `"${generation}"`;
}
