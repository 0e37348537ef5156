import { EventEmitter } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** What happens to one request instead of a normal answer. A cut waits until the client has received the rest. */
export type Trouble = { status: number } | { cutAfter: number } | { holdAfter: number };

export interface FileServer {
  url: string;
  /** The `range` header of every request so far; null for a request without one. */
  ranges: (string | null)[];
  /** Troubles of the next requests, in order. */
  troubles: Trouble[];
  /** Replaces the file like a publisher: its ETag changes. */
  replace(content: Buffer): void;
  /** The test calls it with the bytes that the client has. */
  clientHas(bytes: number): void;
  /** Continues requests that were held. */
  letGo(): void;
}

export interface FileServerOptions {
  /** False: a request for a range gets the whole file. */
  ranges?: boolean;
  /** False: answers have no version of the file. */
  versions?: boolean;
  /** The first answer is a redirect with these headers, as the Hugging Face Hub gives it. */
  redirect?: Record<string, string>;
}

/** A real HTTP server with one file. It ends with the test. */
export async function serveFile(content: Buffer, options: FileServerOptions = {}): Promise<FileServer> {
  const { ranges = true, versions = true, redirect } = options;
  const held = Promise.withResolvers<void>();
  const state = { content, version: 1 };
  const seen: (string | null)[] = [];
  const troubles: Trouble[] = [];
  const progress = new EventEmitter();

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (redirect && request.url === '/file') {
      return void response.writeHead(302, { location: '/stored', ...redirect }).end();
    }
    seen.push(request.headers.range ?? null);
    const trouble = troubles.shift();
    if (trouble && 'status' in trouble) return void response.writeHead(trouble.status).end();
    const etag = `"${state.version}"`;
    const same = request.headers['if-range'] === undefined || request.headers['if-range'] === etag;
    const asked = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1];
    const start = ranges && same && asked ? Number(asked) : 0;
    const total = state.content.length;
    if (start >= total) return void response.writeHead(416, { 'content-range': `bytes */${total}` }).end();
    response.writeHead(start > 0 ? 206 : 200, {
      'content-length': total - start,
      ...(versions ? { etag } : {}),
      ...(start > 0 ? { 'content-range': `bytes ${start}-${total - 1}/${total}` } : {}),
    });
    await send(response, start, trouble);
  }

  async function send(response: ServerResponse, start: number, trouble: Trouble | undefined): Promise<void> {
    const body = state.content.subarray(start);
    if (trouble && 'cutAfter' in trouble) {
      progress.on('bytes', (bytes) => bytes === start + trouble.cutAfter && response.destroy());
      response.write(body.subarray(0, trouble.cutAfter));
      return;
    }
    if (!trouble || !('holdAfter' in trouble)) return void response.end(body);
    response.write(body.subarray(0, trouble.holdAfter));
    await held.promise;
    response.end(body.subarray(trouble.holdAfter));
  }

  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    held.resolve();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/file`,
    ranges: seen,
    troubles,
    replace(replacement) {
      state.content = replacement;
      state.version++;
    },
    clientHas: (bytes) => void progress.emit('bytes', bytes),
    letGo: () => held.resolve(),
  };
}
