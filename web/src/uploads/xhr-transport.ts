import type { ChunkReply, ChunkRequest } from './resumable.ts';

const stalledMs = 60_000;

/** Sends one chunk with XMLHttpRequest: fetch cannot tell how much of a request has left. */
export function xhrTransport(request: ChunkRequest): Promise<ChunkReply> {
  return new Promise((resolve, reject) => {
    const { signal } = request;
    const xhr = new XMLHttpRequest();
    let stall: ReturnType<typeof setTimeout> | undefined;
    const watch = () => {
      clearTimeout(stall);
      // A dead connection can stay silent for many minutes; a slow one still moves.
      stall = setTimeout(() => xhr.abort(), stalledMs);
    };
    const abort = () => xhr.abort();
    xhr.upload.addEventListener('progress', (event) => {
      watch();
      request.onSent(event.loaded);
    });
    xhr.addEventListener('load', () => {
      resolve({ status: xhr.status, range: xhr.getResponseHeader('Range') });
    });
    for (const kind of ['error', 'abort', 'timeout']) {
      xhr.addEventListener(kind, () => reject(new Error(`The request ended with '${kind}'.`)));
    }
    xhr.addEventListener('loadend', () => {
      clearTimeout(stall);
      signal.removeEventListener('abort', abort);
    });
    signal.addEventListener('abort', abort);
    xhr.open('PUT', request.url);
    xhr.setRequestHeader('Content-Range', request.contentRange);
    watch();
    xhr.send(request.body);
  });
}
