import type { IncomingHttpHeaders } from 'node:http';

/** What the answer to a download says of the whole object, whichever part of it follows. */
export interface StoredContent {
  /** Base64. */
  crc32c: string;
  /** Bytes as they are stored. */
  size: number;
  contentType: string;
  /** `identity` where it has none. */
  contentEncoding: string;
}

/**
 * Reads the headers that come with an object's content, so that its metadata need not be asked for beside it.
 * @throws Error where one is missing.
 * @see https://cloud.google.com/storage/docs/xml-api/reference-headers#xgooghash, which the JSON API sends as well
 */
export function storedContent(headers: IncomingHttpHeaders): StoredContent {
  const hash = headers['x-goog-hash'];
  const hashes = Array.isArray(hash) ? hash.join(',') : hash;
  const [, crc32c] = /(?:^|,)\s*crc32c=([^,\s]+)/.exec(hashes ?? '') ?? [];
  const size = headers['x-goog-stored-content-length'];
  const contentEncoding = headers['x-goog-stored-content-encoding'];
  if (crc32c === undefined || typeof size !== 'string' || typeof contentEncoding !== 'string') {
    throw new Error('Cloud Storage sent an object without its checksum, its size or its coding.');
  }
  const contentType = headers['content-type'] ?? 'application/octet-stream';
  return { crc32c, size: Number(size), contentType, contentEncoding };
}
