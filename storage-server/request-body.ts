import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { invalid, unsupported } from './errors.ts';

/** A request's body. A reader who gives up leaves the connection as it is, so that an answer can be sent on it. */
export const requestBody = (req: IncomingMessage): AsyncIterable<Buffer> => ({
  [Symbol.asyncIterator]: () => req.iterator({ destroyOnReturn: false }),
});

/** Whether the body was packed for the way only (`gcloud storage cp -J`). */
export const isPacked = (headers: IncomingHttpHeaders): boolean => coding(headers) !== 'identity';

/**
 * The body as the client had it before it packed it for the way: the JSON API takes `Content-Encoding: gzip` away. Throws
 * a 501 on another coding, and a 400 while it is read if it is no gzip.
 */
export function unpackedBody(
  body: AsyncIterable<Buffer>,
  headers: IncomingHttpHeaders,
): AsyncIterable<Buffer> {
  if (!isPacked(headers)) return body;
  if (coding(headers) !== 'gzip')
    throw unsupported(`request bodies with Content-Encoding '${coding(headers)}'`);
  return gunzipped(body);
}

async function* gunzipped(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let arrived = 0;
  async function* counted() {
    for await (const chunk of body) {
      arrived += chunk.length;
      yield chunk;
    }
  }
  try {
    // A failure of the body reaches the reader through the stream that it reads.
    yield* pipeline(Readable.from(counted()), createGunzip(), () => undefined) as AsyncIterable<Buffer>;
  } catch (error) {
    const isNoGzip = error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');
    if (!isNoGzip) throw error;
    // A request without a body, such as a question about a session, may name a coding too.
    if (arrived > 0) throw invalid(`The request body is no gzip: ${error.message}`);
  }
}

const coding = (headers: IncomingHttpHeaders): string =>
  headers['content-encoding']?.trim().toLowerCase() || 'identity';
