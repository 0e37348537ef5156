import type { Readable } from 'node:stream';

/**
 * A stream as the body of an answer: it is read as fast as it is taken, and ends with the answer. Node's own
 * `Readable.toWeb` throws where nothing can catch it, if the reader goes away before the first byte and that byte is there
 * already.
 */
export function bodyOf(stream: Readable): ReadableStream<Uint8Array> {
  const chunks: AsyncIterator<Uint8Array> = stream.iterator();
  // The iterator tells its reader of a failure, also of one before the first read. One that nobody listens to ends the process.
  stream.on('error', () => {});
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await chunks.next();
        if (next.done) controller.close();
        else controller.enqueue(next.value);
      },
      cancel() {
        stream.destroy();
      },
    },
    { highWaterMark: 0 },
  );
}
