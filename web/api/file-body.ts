import type { Readable } from 'node:stream';

/**
 * A stream as the body of an answer: it is read as fast as it is taken, and ends with the answer. Node's own
 * `Readable.toWeb` throws where nothing can catch it, if the reader goes away before the first byte and that byte is there
 * already.
 */
export function bodyOf(stream: Readable): ReadableStream<Uint8Array> {
  const chunks: AsyncIterator<Uint8Array> = stream.iterator();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await chunks.next();
        if (next.done) controller.close();
        else controller.enqueue(next.value);
      },
      cancel() {
        // A failure of what nobody reads concerns nobody.
        stream.on('error', () => {});
        stream.destroy();
      },
    },
    { highWaterMark: 0 },
  );
}
