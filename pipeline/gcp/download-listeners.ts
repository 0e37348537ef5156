import type { Readable } from 'node:stream';

/** The client's own layers add eleven to each answer (node-fetch, teeny-request, Storage): one too many for Node's default. */
const listenersOfOneDownload = 20;

/**
 * Lets the answer behind a download have the listeners that Google's client puts on it. They are as many for every
 * download and go with it; Node would take the eleventh for a leak, and say so once for each process.
 */
export function allowClientListeners<Stream extends Readable>(download: Stream): Stream {
  return download.once('response', (answer: Readable) => void answer.setMaxListeners(listenersOfOneDownload));
}
