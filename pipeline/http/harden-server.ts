import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Log } from '../ports/ports.ts';

type RequestListener = (request: IncomingMessage, response: ServerResponse) => unknown;

/**
 * A client that is refused may go on sending this much, so that it reads the answer. A socket that is closed
 * over unread bytes resets the connection, and the client often sees the reset instead of the answer.
 */
const lingering = { ms: 2_000, bytes: 64 * 1_024 * 1_024 } as const;
/** A remaining body of this size is read to its end, and the connection is kept. Bytes. */
const smallBody = 64 * 1_024;

/** Errors of Node's parser and its timers. Every other one is answered with 400. */
const statusOfClientError: Record<string, number> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  HPE_HEADER_OVERFLOW: 431,
};

/**
 * Keeps a server answering whatever it is sent. Call it once all request listeners are there. It adds three things to
 * Node's server:
 * - a last catch: what a listener throws, or rejects with, is logged and answered with 500, and ends nothing else;
 * - an answer that comes before its request's body is whole says `Connection: close`, and the connection closes only
 *   when the client has had time to read it;
 * - what is no HTTP is answered with a 4xx in the same way, and a connection that could not be accepted is only logged.
 */
export function hardenServer(server: Server, log: Log): void {
  const listeners = server.listeners('request') as RequestListener[];
  const latest = new WeakMap<Socket, ServerResponse>();
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    latest.set(request.socket, response);
    closeBehindUnreadBody(request, response);
    for (const listener of listeners) void answerBy(listener, request, response, log);
  });
  server.on('clientError', (error: NodeJS.ErrnoException, stream) => {
    const socket = stream as Socket;
    if (error.code === 'ECONNRESET') socket.destroy();
    else refuse(socket, statusOfClientError[error.code ?? ''] ?? 400, latest.get(socket));
  });
  // Before the server listens, an error belongs to the start, and the caller of `listen` hears of it.
  server.once('listening', () => {
    server.on('error', (error) => log.error({ error }, 'A connection could not be accepted.'));
  });
}

async function answerBy(
  listener: RequestListener,
  request: IncomingMessage,
  response: ServerResponse,
  log: Log,
): Promise<void> {
  try {
    await listener(request, response);
  } catch (error) {
    log.error({ error, method: request.method, url: request.url }, 'A request failed.');
    if (response.headersSent) response.destroy();
    else response.writeHead(500, { 'Content-Type': 'text/plain' }).end('Internal error.');
  }
}

/** Decides when the answer begins, because only then it is known how much of the body was read. */
function closeBehindUnreadBody(request: IncomingMessage, response: ServerResponse): void {
  const writeHead = response.writeHead.bind(response) as (...head: unknown[]) => ServerResponse;
  response.writeHead = (...head: unknown[]) => {
    if (!response.headersSent && isBodyUnderWay(request)) {
      response.shouldKeepAlive = false;
      lingerOver(request);
    }
    return writeHead(...head);
  };
}

function isBodyUnderWay({ complete, headers }: IncomingMessage): boolean {
  if (complete) return false;
  if (headers['transfer-encoding'] !== undefined) return true;
  return Number(headers['content-length'] ?? 0) > smallBody;
}

/** Node calls `destroySoon` on a socket once the last answer on it is written. */
function lingerOver(request: IncomingMessage): void {
  const { socket } = request;
  let closing = false;
  socket.destroySoon = () => {
    if (closing) return;
    closing = true;
    const close = () => socket.destroy();
    const late = setTimeout(close, lingering.ms);
    let bytes = 0;
    socket.end();
    socket.once('close', () => clearTimeout(late));
    request.once('end', close).once('error', close);
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > lingering.bytes) close();
    });
    request.resume();
  };
}

/** Answers a request that the parser could not read. An answer that has begun can only be cut off. */
function refuse(socket: Socket, status: number, underWay: ServerResponse | undefined): void {
  const begun = underWay?.headersSent && !underWay.writableFinished;
  if (socket.destroyed) return;
  if (begun || !socket.writable) return void (socket.writableEnded || socket.destroy());
  const late = setTimeout(() => socket.destroy(), lingering.ms);
  socket.once('close', () => clearTimeout(late));
  socket.once('end', () => socket.destroy());
  const body = `${STATUS_CODES[status]}.`;
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Connection: close',
    'Content-Type: text/plain',
    `Content-Length: ${body.length}`,
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  if (socket.readableEnded) socket.destroySoon();
  else socket.resume();
}
