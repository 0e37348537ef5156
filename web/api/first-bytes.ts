import { Readable } from 'node:stream';

/** What a stream begins with, and a stream of all of it. */
export interface Begun {
  start: Buffer;
  /** True where `start` is everything. */
  ended: boolean;
  stream: Readable;
}

/**
 * Reads the first bytes of a stream, at least `wanted` of them where it has as many. Throws what the stream fails with.
 * Whoever destroys the stream of all of it ends the source, too.
 */
export async function firstBytes(source: Readable, wanted: number): Promise<Begun> {
  const chunks: AsyncIterator<Buffer> = source.iterator({ destroyOnReturn: false });
  let start = Buffer.alloc(0);
  let ended = false;
  while (!ended && start.length < wanted) {
    const next = await chunks.next();
    if (next.done) ended = true;
    else start = Buffer.concat([start, next.value]);
  }
  // A generator would end the source with its next chunk only, and never if nobody has read from it.
  const stream = new Readable({
    read() {
      chunks.next().then(
        (next) => this.push(next.done ? null : next.value),
        (error) => this.destroy(error),
      );
    },
    destroy(error, done) {
      source.destroy();
      done(error);
    },
  });
  stream.push(start);
  return { start, ended, stream };
}
