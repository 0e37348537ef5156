import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import {
  arrivedBytes,
  chunkStep,
  nextChunkSize,
  type ResumableUpload,
  sendResumable,
  type Transport,
  UploadFailure,
} from './resumable.ts';

/** What a test makes go wrong with one request; `null` lets it pass. */
type Fault =
  | { kind: 'cut-before' }
  /** The bytes arrive, the answer does not. */
  | { kind: 'cut-after' }
  | { kind: 'answer'; status: number }
  /** Only so many of the chunk's bytes are kept. */
  | { kind: 'keep'; bytes: number };

interface Session {
  url: string;
  stored: () => Buffer;
  finished: () => boolean;
  /** `Content-Range` of every request, in order. */
  requests: string[];
}

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** A server with one upload session, after Cloud Storage's rules. */
async function startSession(faultAt: (request: number) => Fault | null = () => null): Promise<Session> {
  let stored = Buffer.alloc(0);
  let finished = false;
  const requests: string[] = [];
  server = createServer((request, response) => {
    const range = request.headers['content-range'] ?? '';
    const at = requests.push(range) - 1;
    const fault = faultAt(at);
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => {});
    request.on('end', () => {
      if (fault?.kind === 'cut-before') return void request.socket.destroy();
      if (fault?.kind === 'answer') return void response.writeHead(fault.status).end();
      const [, first, total] = /^bytes (?:(\d+)-\d+|\*)\/(\d+)$/.exec(range) ?? [];
      if (first !== undefined && Number(first) !== stored.length) return void response.writeHead(400).end();
      const body = Buffer.concat(chunks);
      stored = Buffer.concat([stored, fault?.kind === 'keep' ? body.subarray(0, fault.bytes) : body]);
      finished ||= stored.length === Number(total);
      if (fault?.kind === 'cut-after') return void request.socket.destroy();
      if (finished) return void response.writeHead(200).end('{}');
      response.writeHead(308, stored.length > 0 ? { range: `bytes=0-${stored.length - 1}` } : {}).end();
    });
  });
  const listening = server;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const { port } = listening.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, stored: () => stored, finished: () => finished, requests };
}

const fetchTransport: Transport = async ({ url, contentRange, body, signal, onSent }) => {
  const response = await fetch(url, {
    method: 'PUT',
    headers: { 'content-range': contentRange },
    body: body ? await body.arrayBuffer() : null,
    redirect: 'manual',
    signal,
  });
  onSent(body?.size ?? 0);
  return { status: response.status, range: response.headers.get('range') };
};

function bytes(length: number): Blob {
  return new Blob([Uint8Array.from({ length }, (_, index) => (index * 7) % 251)]);
}

interface Watched {
  progress: number[];
  interruptions: boolean[];
  pauses: number[];
}

function send(
  session: Session,
  file: Blob,
  given: Partial<ResumableUpload> = {},
): Watched & { done: Promise<void> } {
  const watched: Watched = { progress: [], interruptions: [], pauses: [] };
  const done = sendResumable({
    url: session.url,
    file,
    transport: fetchTransport,
    pause: async (failures) => {
      watched.pauses.push(failures);
      return 'waited';
    },
    onProgress: (sent) => watched.progress.push(sent),
    onInterrupted: (interrupted) => watched.interruptions.push(interrupted),
    signal: new AbortController().signal,
    resume: false,
    ...given,
  });
  return { ...watched, done };
}

async function contentOf(file: Blob): Promise<Buffer> {
  return Buffer.from(await file.arrayBuffer());
}

describe('sendResumable', () => {
  it('sends a small file in one request', async () => {
    const session = await startSession();
    const file = bytes(1_000);
    await send(session, file).done;
    expect(session.stored()).toEqual(await contentOf(file));
    expect(session.requests).toEqual(['bytes 0-999/1000']);
  });

  it('finishes an empty file, as Cloud Storage wants it', async () => {
    const session = await startSession();
    await send(session, bytes(0)).done;
    expect(session.finished()).toBe(true);
    expect(session.requests).toEqual(['bytes */0']);
  });

  it('sends smaller chunks where a proxy takes no larger ones', async () => {
    const file = bytes(5 * chunkStep);
    const least = 2 * chunkStep;
    const session: Session = await startSession((at) => {
      const [, first, last] = /^bytes (\d+)-(\d+)/.exec(session.requests[at] ?? '') ?? [];
      const size = first === undefined ? 0 : Number(last) - Number(first) + 1;
      return size > least ? { kind: 'answer', status: 413 } : null;
    });
    const { done, pauses } = send(session, file);
    await done;
    expect(session.stored()).toEqual(await contentOf(file));
    expect(pauses).toEqual([]);
  });

  it('gives up where not even the smallest chunk is taken', async () => {
    const session = await startSession(() => ({ kind: 'answer', status: 413 }));
    await expect(send(session, bytes(5 * chunkStep)).done).rejects.toMatchObject({ code: 'refused' });
  });

  it('sends a large file in growing chunks that are multiples of 256 KiB', async () => {
    const session = await startSession();
    const file = bytes(5_000_000);
    const { done, progress } = send(session, file);
    await done;
    expect(session.stored().equals(await contentOf(file))).toBe(true);
    expect(session.requests.length).toBeGreaterThan(1);
    for (const range of session.requests) {
      expect(Number(/bytes (\d+)-/.exec(range)?.[1]) % chunkStep).toBe(0);
    }
    expect(progress.at(-1)).toBe(5_000_000);
  });

  it.each<[string, Fault]>([
    ['before the chunk has arrived', { kind: 'cut-before' }],
    ['after the chunk has arrived', { kind: 'cut-after' }],
    ['with a server error', { kind: 'answer', status: 503 }],
    ['with too many requests', { kind: 'answer', status: 429 }],
  ])('asks what has arrived and goes on when a request ends %s', async (_, fault) => {
    const session = await startSession((request) => (request === 1 ? fault : null));
    const file = bytes(4_000_000);
    const { done, interruptions, pauses } = send(session, file);
    await done;
    expect(session.stored().equals(await contentOf(file))).toBe(true);
    expect(session.requests[2]).toBe('bytes */4000000');
    expect(pauses).toEqual([1]);
    expect(interruptions).toContain(true);
    expect(interruptions.at(-1)).toBe(false);
  });

  it('learns from the status query that the last answer was lost and the file is there', async () => {
    const session = await startSession((request) => (request === 0 ? { kind: 'cut-after' } : null));
    await send(session, bytes(1_000)).done;
    expect(session.requests).toEqual(['bytes 0-999/1000', 'bytes */1000']);
  });

  it('goes on from what was kept where a chunk arrived in part', async () => {
    const session = await startSession((request) =>
      request === 0 ? { kind: 'keep', bytes: chunkStep } : null,
    );
    const file = bytes(1_500_000);
    await send(session, file).done;
    expect(session.stored().equals(await contentOf(file))).toBe(true);
    expect(session.requests[1]).toMatch(new RegExp(`^bytes ${chunkStep}-`));
  });

  it('resumes a session that was used before', async () => {
    const session = await startSession((request) =>
      request >= 1 && request <= 9 ? { kind: 'cut-before' } : null,
    );
    const file = bytes(3_000_000);
    await expect(send(session, file).done).rejects.toMatchObject({ code: 'connection' });
    await send(session, file, { resume: true }).done;
    expect(session.stored().equals(await contentOf(file))).toBe(true);
    expect(session.requests[10]).toBe('bytes */3000000');
  });

  it('gives up after failures without progress, and says that the connection was why', async () => {
    const session = await startSession(() => ({ kind: 'cut-before' }));
    const { done, pauses } = send(session, bytes(10));
    await expect(done).rejects.toThrow(UploadFailure);
    await expect(done).rejects.toMatchObject({ code: 'connection' });
    expect(pauses).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('does not take a file that has gone for a broken connection', async () => {
    const gone = new DOMException('It is gone.', 'NotReadableError');
    const part: Blob = Object.assign(new Blob(['x']), { arrayBuffer: () => Promise.reject(gone) });
    Object.assign(part, { slice: () => part });
    const file = Object.assign(new Blob(['x']), { slice: () => part });
    const session = await startSession();
    const transport = () => Promise.reject(new Error('The request broke.'));
    const { done, pauses } = send(session, file, { transport });
    await expect(done).rejects.toBe(gone);
    expect(pauses).toEqual([]);
  });

  it('counts failures anew after progress', async () => {
    const session = await startSession((request) => (request % 3 === 1 ? { kind: 'cut-before' } : null));
    const file = bytes(20 * 1_024 * 1_024);
    const { done, pauses } = send(session, file);
    await done;
    expect(pauses.length).toBeGreaterThan(3);
    expect(new Set(pauses)).toEqual(new Set([1]));
  });

  it.each([
    [410, 'session_gone'],
    [404, 'session_gone'],
    [403, 'refused'],
    [507, 'full'],
  ])('tells a session that is gone from a refusal, and asks no more: %i', async (status, code) => {
    const session = await startSession(() => ({ kind: 'answer', status }));
    await expect(send(session, bytes(10)).done).rejects.toMatchObject({ code });
    expect(session.requests).toHaveLength(1);
  });

  it('counts no failure while the line is down', async () => {
    const session = await startSession((at) => (at < 40 ? { kind: 'cut-before' } : null));
    const pauses: number[] = [];
    const { done } = send(session, bytes(10), {
      pause: async (failures) => {
        pauses.push(failures);
        return 'line_was_down';
      },
    });
    await done;
    expect(pauses).toEqual(Array(40).fill(1));
    expect(session.finished()).toBe(true);
  });

  it('ends when it is cancelled', async () => {
    const session = await startSession(() => ({ kind: 'cut-before' }));
    const controller = new AbortController();
    const { done } = send(session, bytes(10), {
      signal: controller.signal,
      pause: async () => {
        controller.abort();
        return 'waited';
      },
    });
    await expect(done).rejects.toMatchObject({ name: 'AbortError' });
    expect(session.requests.length).toBe(1);
  });
});

describe('arrivedBytes', () => {
  it.each([
    [null, 0],
    ['bytes=0-0', 1],
    ['bytes=0-524287', 524_288],
    ['nonsense', 0],
  ])('%s is %i', (range, expected) => {
    expect(arrivedBytes(range)).toBe(expected);
  });
});

describe('nextChunkSize', () => {
  it('stays a multiple of 256 KiB within its bounds', () => {
    expect(nextChunkSize(chunkStep, 10)).toBe(2 * chunkStep);
    expect(nextChunkSize(64 * chunkStep, 10)).toBe(64 * chunkStep);
    expect(nextChunkSize(3 * chunkStep, 9_000)).toBe(chunkStep);
    expect(nextChunkSize(chunkStep, 9_000)).toBe(chunkStep);
    expect(nextChunkSize(4 * chunkStep, 2_000)).toBe(4 * chunkStep);
  });
});
