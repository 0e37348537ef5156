import type { Readable } from 'node:stream';

/** The client's own layers add eleven to each answer (node-fetch, teeny-request, Storage): one too many for Node's default. */
const listenersOfOneDownload = 20;

/**
 * Allows the answer behind a download the number of listeners that Google's client puts on it. Each download
 * has the same number, and they end with it. Node takes the eleventh for a leak and prints a warning once for
 * each process.
 */
export function allowClientListeners<Stream extends Readable>(download: Stream): Stream {
  return download.once('response', (answer: Readable) => void answer.setMaxListeners(listenersOfOneDownload));
}
