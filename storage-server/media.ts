import type { OutgoingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { parseByteRange } from './byte-range.ts';
import { StorageError } from './errors.ts';
import { beginReply, type Exchange } from './exchange.ts';
import type { ObjectVersion } from './object-version.ts';

/** Answers a GET or HEAD with an object's bytes: all of them or a range, decompressed where the reader needs it. */
export async function sendMedia(x: Exchange, version: ObjectVersion): Promise<void> {
  const headers = mediaHeaders(x, version);
  if (needsDecompression(x, version)) return sendDecompressed(x, version, headers);

  let range: ReturnType<typeof parseByteRange>;
  try {
    range = parseByteRange(x.req.headers.range, version.size);
  } catch (error) {
    if (error instanceof StorageError) x.replyHeaders['Content-Range'] = `bytes */${version.size}`;
    throw error;
  }
  const { start, end } = range ?? { start: 0, end: version.size - 1 };
  headers['Content-Length'] = end - start + 1;
  if (version.fields.contentEncoding) headers['Content-Encoding'] = version.fields.contentEncoding;
  if (range) headers['Content-Range'] = `bytes ${start}-${end}/${version.size}`;

  const empty = x.method === 'HEAD' || version.size === 0;
  // Opened before the answer begins, so that an object which is deleted at this moment is a 404 or is sent in full.
  const bytes = empty ? undefined : await x.store.bytesOf(version, { start, end });
  if (!beginReply(x, range ? 206 : 200, headers)) return giveUp(bytes);
  if (bytes === undefined || Buffer.isBuffer(bytes)) return void x.res.end(bytes);
  await pipeline(bytes, x.res);
}

/** Closes a file that nobody reads any more. */
function giveUp(bytes: Buffer | Readable | undefined): void {
  if (bytes && !Buffer.isBuffer(bytes)) bytes.destroy();
}

function needsDecompression(x: Exchange, { fields }: ObjectVersion): boolean {
  if (fields.contentEncoding !== 'gzip' || fields.cacheControl?.includes('no-transform')) return false;
  const accepted = String(x.req.headers['accept-encoding'] ?? '').split(',');
  return !accepted.some((coding) => /^\s*gzip\s*(;\s*q=(?!0(\.0*)?\s*$).*)?$/i.test(coding));
}

/** Ranges do not apply here: the size of what is sent is not known before it is sent. */
async function sendDecompressed(
  x: Exchange,
  version: ObjectVersion,
  headers: OutgoingHttpHeaders,
): Promise<void> {
  const bytes = x.method === 'HEAD' ? undefined : await x.store.bytesOf(version);
  headers.Warning = '214 UploadServer gunzipped';
  headers.ETag = `W/${headers.ETag}`;
  if (!beginReply(x, 200, headers)) return giveUp(bytes);
  if (!bytes) return void x.res.end();
  await pipeline(Buffer.isBuffer(bytes) ? Readable.from([bytes]) : bytes, createGunzip(), x.res);
}

function mediaHeaders(x: Exchange, version: ObjectVersion): OutgoingHttpHeaders {
  const { fields } = version;
  const disposition = x.query.get('response-content-disposition') ?? fields.contentDisposition;
  const headers: OutgoingHttpHeaders = {
    'Content-Type': x.query.get('response-content-type') ?? fields.contentType ?? 'application/octet-stream',
    'Cache-Control': fields.cacheControl ?? 'private, max-age=0',
    'Accept-Ranges': 'bytes',
    'Last-Modified': new Date(version.updated).toUTCString(),
    ETag: entityTag(version),
    ...objectHeaders(version),
  };
  if (fields.contentEncoding === 'gzip') headers.Vary = 'Accept-Encoding';
  if (disposition) headers['Content-Disposition'] = disposition;
  if (fields.contentLanguage) headers['Content-Language'] = fields.contentLanguage;
  for (const [name, value] of Object.entries(fields.metadata ?? {})) {
    if (/^[\w!#$%&'*+.^`|~-]+$/.test(name)) headers[`x-goog-meta-${name}`] = value;
  }
  return headers;
}

/** Headers that say which bytes these are; uploads through the XML API answer with them too. */
export function objectHeaders(version: ObjectVersion): OutgoingHttpHeaders {
  const md5 = version.md5Hash ? `,md5=${version.md5Hash}` : '';
  return {
    'x-goog-generation': version.generation,
    'x-goog-metageneration': String(version.metageneration),
    'x-goog-hash': `crc32c=${version.crc32c}${md5}`,
    'x-goog-storage-class': version.fields.storageClass ?? 'STANDARD',
    'x-goog-stored-content-encoding': version.fields.contentEncoding ?? 'identity',
    'x-goog-stored-content-length': String(version.size),
  };
}

/** The entity tag of the XML API: the MD5 in hexadecimal, where there is one. */
export const entityTag = ({ md5Hash, generation }: ObjectVersion): string =>
  `"${md5Hash ? Buffer.from(md5Hash, 'base64').toString('hex') : `-${generation}`}"`;
