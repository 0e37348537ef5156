import { Readable } from 'node:stream';

/** What a stream begins with, and a stream of all of it. */
export interface Begun {
  start: Buffer;
  /** True where `start` is everything. */
  ended: boolean;
  stream: Readable;
}

/** Reads the first bytes of a stream, at least `wanted` of them where it has as many. Throws what the stream fails with. */
export async function firstBytes(stream: Readable, wanted: number): Promise<Begun> {
  const chunks: AsyncIterator<Buffer> = stream.iterator({ destroyOnReturn: false });
  let start = Buffer.alloc(0);
  let ended = false;
  while (!ended && start.length < wanted) {
    const next = await chunks.next();
    if (next.done) ended = true;
    else start = Buffer.concat([start, next.value]);
  }
  async function* all() {
    try {
      yield start;
      for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value;
    } finally {
      stream.destroy();
    }
  }
  // Bytes count toward its limit of what it holds, not chunks.
  return { start, ended, stream: Readable.from(all(), { objectMode: false }) };
}
