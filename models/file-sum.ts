import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';

/** SHA-256 of a file in lower-case hex. Reads the whole file. */
export async function sha256Of(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const chunks = createReadStream(path, { highWaterMark: 1 << 20, ...(signal ? { signal } : {}) });
  for await (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
}

/**
 * By path. Module state, because it is a fact about this machine: a sum of 990 MB is computed once in a process.
 */
const known = new Map<string, { version: string; sum: Promise<string> }>();

/** The same. Computed again only if the file's size or time of change is different from the last call. */
export async function knownSha256(path: string): Promise<string> {
  const { size, mtimeMs } = await stat(path);
  const version = `${size} ${mtimeMs}`;
  const earlier = known.get(path);
  if (earlier?.version === version) return await earlier.sum;
  const entry = { version, sum: sha256Of(path) };
  known.set(path, entry);
  // A failure is not kept, so the next job tries again.
  entry.sum.catch(() => {
    if (known.get(path) === entry) known.delete(path);
  });
  return await entry.sum;
}
