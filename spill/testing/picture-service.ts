import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { crc32cOf } from '@spillway/pipeline/crc32c.ts';
import {
  frameContentType,
  type InstanceReport,
  type PictureFailure,
  statusOf,
  wireFormat,
} from '@spillway/pipeline/pictures/wire.ts';

/** One request, whose body was read. */
export interface Asked {
  /** The first line. */
  head: { operation: string; options: unknown; size: number };
  picture: Buffer;
  headers: IncomingMessage['headers'];
}

export type Behaviour = (response: ServerResponse, asked: Asked) => void;

export interface PictureService {
  url: string;
  /** Decides what the next requests get. */
  behave(behaviour: Behaviour): void;
  /** What `GET /health` answers. */
  health: { status: number; body: unknown };
  asked: Asked[];
  close(): Promise<void>;
}

/** A real server in the place of Cloud Run that does what a test wants with what it is sent. */
export async function startPictureService(behaviour: Behaviour = answering()): Promise<PictureService> {
  let current = behaviour;
  const asked: Asked[] = [];
  const health = { status: 200, body: { serves: 'pictures' } as unknown };
  const server = createServer(async (request, response) => {
    if (request.url === '/health') {
      response.writeHead(health.status, { 'content-type': 'application/json' });
      return void response.end(JSON.stringify(health.body));
    }
    const body = await bodyOf(request).catch(() => null);
    if (!body) return;
    const end = body.indexOf('\n');
    const head = JSON.parse(body.subarray(0, end).toString());
    const one = { head, picture: body.subarray(end + 1), headers: request.headers };
    asked.push(one);
    current(response, one);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    behave(next) {
      current = next;
    },
    health,
    asked,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** How an instance says that it is. */
export function instanceReport(changes: Partial<InstanceReport> = {}): InstanceReport {
  return {
    id: 'run-1',
    slots: 1,
    busy: 1,
    inFlight: 1,
    models: ['built-in'],
    offers: { operations: ['sketch'], models: [], fetches: false },
    version: '1.2.3',
    cpu: { load: 0.5, perCore: [0.5] },
    memory: { totalBytes: 4e9, usedBytes: 1e9 },
    process: { cpu: 0.5, rssBytes: 3e8, count: 2 },
    upMs: 60_000,
    inHandMs: 0,
    ...changes,
  };
}

/** An answer with a result: its first line and its bytes. */
export function resultFrame(result: Uint8Array, changes: object = {}): Buffer {
  const head = {
    format: wireFormat,
    size: result.length,
    crc32c: crc32cOf(result),
    contentType: 'image/png',
    extension: 'png',
    width: 3,
    height: 2,
    decodedPixels: 6,
    model: null,
    notes: ['Made as PNG.'],
    processMs: 12,
    steps: [{ step: 'make', agoMs: 30, ms: 10 }],
    instance: instanceReport(),
    ...changes,
  };
  return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), result]);
}

/** Answers with a result. */
export function answering(result = Buffer.from('the result'), changes: object = {}): Behaviour {
  return (response) => {
    const frame = resultFrame(result, changes);
    response.writeHead(200, { 'content-type': frameContentType, 'content-length': frame.length }).end(frame);
  };
}

/** Answers as a worker that has no result. */
export function failing(failure: PictureFailure): Behaviour {
  return (response) => {
    const body = { format: wireFormat, failure, instance: instanceReport() };
    response.writeHead(statusOf(failure), { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
}

/** Answers as something in front of the worker does. */
export function refusing(status: number, body = '<html>No.</html>'): Behaviour {
  return (response) => {
    response.writeHead(status, { 'content-type': 'text/html' }).end(body);
  };
}

/** Breaks off after some bytes of a result, and says before how many there are. */
export function cutting(after: number, result = Buffer.alloc(100_000, 'result')): Behaviour {
  return (response) => {
    const frame = resultFrame(result);
    response.writeHead(200, { 'content-type': frameContentType, 'content-length': frame.length });
    response.write(frame.subarray(0, after), () => response.destroy());
  };
}

/** Sends some bytes of a result, and then nothing more. */
export function stalling(after: number, result = Buffer.alloc(100_000, 'result')): Behaviour {
  return (response) => {
    const frame = resultFrame(result);
    response.writeHead(200, { 'content-type': frameContentType, 'content-length': frame.length });
    response.write(frame.subarray(0, after));
  };
}
