import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';

/** SHA-256 of a file in lower-case hex. Reads all of it. */
export async function sha256Of(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const chunks = createReadStream(path, { highWaterMark: 1 << 20, ...(signal ? { signal } : {}) });
  for await (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
}

const known = new Map<string, Promise<string>>();

/** The same, computed once per process for a file that stays as it is (by path, size and time of change). */
export async function knownSha256(path: string): Promise<string> {
  const { size, mtimeMs } = await stat(path);
  const key = `${path} ${size} ${mtimeMs}`;
  const earlier = known.get(key);
  if (earlier) return await earlier;
  const sum = sha256Of(path);
  known.set(key, sum);
  // A failure to read is not kept: the next job tries again.
  sum.catch(() => known.delete(key));
  return await sum;
}
