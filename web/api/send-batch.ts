import { Readable } from 'node:stream';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import type { Context } from 'hono';
import { archiveOf } from './batch-archive.ts';
import { type CaptionFormat, captionsOf, isCaption } from './batch-captions.ts';
import type { NamedResult } from './batch-results.ts';
import { attachment } from './content-disposition.ts';
import { bodyOf } from './file-body.ts';
import { ProblemError } from './problems.ts';

const captionTypes: Record<CaptionFormat, string> = {
  csv: 'text/csv; charset=utf-8',
  txt: 'text/plain; charset=utf-8',
};

/** Sends results as one archive, as it is made and as fast as it is taken. */
export function sendArchive(
  c: Context,
  results: readonly NamedResult[],
  ports: Pick<Ports, 'blobs' | 'log' | 'clock'>,
): Response {
  return sendMade(c, 'application/zip', 'pictures.zip', () => archiveOf(results, ports));
}

/** Sends the captions among results. Throws the problem `no_result` where there is none. */
export function sendCaptions(
  c: Context,
  results: readonly NamedResult[],
  format: CaptionFormat,
  ports: Pick<Ports, 'blobs' | 'log'>,
): Response {
  if (!results.some(isCaption)) throw new ProblemError('no_result', 'The batch has no caption so far.');
  return sendMade(c, captionTypes[format], `captions.${format}`, () =>
    bodyOf(Readable.from(captionsOf(results, format, ports), { objectMode: false })),
  );
}

/** A stream begins to read what it is made of at once, so it is made only where it is read. */
function sendMade(
  c: Context,
  contentType: string,
  name: string,
  make: () => ReadableStream<Uint8Array>,
): Response {
  const headers = {
    'Content-Type': contentType,
    'Content-Disposition': attachment(name),
    'Cache-Control': 'private, no-store',
    'X-Content-Type-Options': 'nosniff',
  };
  return new Response(c.req.method === 'HEAD' ? null : make(), { headers });
}
