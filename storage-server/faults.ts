import type { Readable } from 'node:stream';

/**
 * What a test wants to go wrong with a request: the connection is cut before anything is done, after some bytes of the
 * body, or after all is done but before the answer (`lose-reply`); or an error of this status is answered.
 */
type Fault = 'cut' | 'lose-reply' | { status: number } | { cutAfterBytes: number };

export type FaultChooser = (request: {
  method: string;
  path: string;
  query: URLSearchParams;
}) => Fault | undefined;

/** Destroys a request's connection after the handler has read this many bytes of its body. */
export function cutAfter(body: Readable & { socket: { destroy(): void } }, bytes: number): void {
  let seen = 0;
  const push = body.push.bind(body);
  body.push = (chunk: Buffer | null) => {
    seen += chunk?.length ?? 0;
    if (seen <= bytes) return push(chunk);
    const fits = chunk ? chunk.subarray(0, chunk.length - (seen - bytes)) : null;
    if (fits && fits.length > 0) push(fits);
    setImmediate(() => body.socket.destroy());
    body.push = () => false;
    return false;
  };
}
