import { RefusedError } from '@spillway/core/errors.ts';
import { objectNameProblem } from '@spillway/core/object-names.ts';
import { textProblem, utf8Bytes } from '@spillway/core/text.ts';
import type { Blobs } from '../ports/blobs.ts';

/** Bytes of custom metadata, keys and values. @see https://cloud.google.com/storage/quotas#objects */
const mostMetadataBytes = 8_192;

/**
 * Blobs that write only names and metadata that Cloud Storage can hold, and throw `RefusedError` before they
 * write anything else. No object has a name that Cloud Storage cannot hold, so a read of one finds nothing.
 */
export function limitedBlobs<Port extends Blobs>(blobs: Port): Port {
  return {
    ...blobs,
    async download(blob, path) {
      return isPossible(blob.name) ? blobs.download(blob, path) : { kind: 'gone', replaced: false };
    },
    async writeOnce(bucket, name, content) {
      requireObject(name, {});
      return blobs.writeOnce(bucket, name, content);
    },
    async read(bucket, name, part) {
      return isPossible(name) ? blobs.read(bucket, name, part) : null;
    },
    async remove(bucket, name, generation) {
      if (isPossible(name)) await blobs.remove(bucket, name, generation);
    },
    async openUpload(session) {
      requireObject(session.name, { ...session.metadata, contentType: session.contentType });
      return blobs.openUpload(session);
    },
  };
}

/** Throws `RefusedError` where Cloud Storage cannot hold such an object. */
export function requireObject(name: string, metadata: Record<string, string>): void {
  const nameProblem = objectNameProblem(name);
  if (nameProblem !== null)
    throw new RefusedError(`Cloud Storage has no such object: its name ${nameProblem}.`);
  let bytes = 0;
  for (const [key, value] of Object.entries(metadata)) {
    bytes += utf8Bytes(key) + utf8Bytes(value);
    const problem = textProblem(key, mostMetadataBytes) ?? textProblem(value, mostMetadataBytes);
    if (problem !== null)
      throw new RefusedError(`Cloud Storage has no such object: its metadata ${problem}.`);
  }
  if (bytes > mostMetadataBytes) {
    throw new RefusedError(`Cloud Storage has no such object: its metadata has ${bytes} bytes.`);
  }
}

function isPossible(name: string): boolean {
  return objectNameProblem(name) === null;
}
