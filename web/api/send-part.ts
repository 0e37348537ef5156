import type { BlobReference, Blobs, ByteRange } from '@spillway/pipeline/ports/blobs.ts';
import type { Context } from 'hono';
import { bodyOf } from './file-body.ts';
import type { ProblemError } from './problems.ts';
import { inertHeaders, namesTag } from './send-file.ts';

/** Some bytes of one generation of an object, as a file of their own. */
export interface PartToSend {
  blob: BlobReference;
  range: ByteRange;
  contentType: string;
  /** The problem where the object is no longer there. */
  gone: () => ProblemError;
}

/** These bytes never change. A year is the longest that caches keep anything. */
const kept = 'private, max-age=31536000, immutable';

/** The answer to somebody who has these bytes already, or null. */
export function partNotModified(c: Context, part: PartToSend): Response | null {
  return namesTag(c, etagOf(part)) ? new Response(null, { status: 304, headers: headersOf(part) }) : null;
}

/** Sends the bytes as they come, or describes them to HEAD. */
export async function sendPart(c: Context, part: PartToSend, blobs: Blobs): Promise<Response> {
  const headers = headersOf(part);
  headers.set('Content-Type', part.contentType);
  headers.set('Content-Length', String(part.range.last - part.range.first + 1));
  if (c.req.method === 'HEAD') return new Response(null, { headers });
  const { bucket, name, generation } = part.blob;
  const opened = await blobs.read(bucket, name, { generation, range: part.range });
  if (!opened) throw part.gone();
  return new Response(bodyOf(opened.stream), { headers });
}

function headersOf(part: PartToSend): Headers {
  return new Headers({ ...inertHeaders, 'Cache-Control': kept, ETag: etagOf(part) });
}

/** Another part of the same object is another file. */
function etagOf({ blob, range }: PartToSend): string {
  return `"${blob.generation}.${range.first}"`;
}
