import { once } from 'node:events';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createSocketServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OutageError, RefusedError } from '@spillway/core/errors.ts';
import { largestSentPicture } from '@spillway/core/run-reach.ts';
import { crc32cOf } from '@spillway/pipeline/crc32c.ts';
import { frameContentType } from '@spillway/pipeline/pictures/wire.ts';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { IdentityTokens } from './identity-tokens.ts';
import { createRemote, type RemoteLimits, type Sighting } from './remote.ts';
import {
  answering,
  type Behaviour,
  cutting,
  failing,
  instanceReport,
  refusing,
  resultFrame,
  stalling,
  startPictureService,
} from './testing/picture-service.ts';

const patient: RemoteLimits = { idleMs: 20_000, mostMs: 60_000, answerMs: 30_000, askMs: 30_000 };

interface Setup {
  behaviour?: Behaviour;
  limits?: Partial<RemoteLimits>;
  tokens?: IdentityTokens;
}

/** A picture service, and what this machine knows of it. */
async function sender({ behaviour, limits, tokens = noTokens }: Setup = {}) {
  const service = await startPictureService(behaviour);
  onTestFinished(service.close);
  return { service, ...(await sendingTo(service.url, limits, tokens)) };
}

const noTokens: IdentityTokens = { read: async () => null, forget() {} };

async function sendingTo(url: string, limits: Partial<RemoteLimits> = {}, tokens = noTokens) {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-remote-'));
  const remote = createRemote(url, tokens, { ...patient, ...limits });
  onTestFinished(async () => {
    remote.close();
    await rm(folder, { recursive: true });
  });
  const inputPath = join(folder, 'source');
  await writeFile(inputPath, 'a picture');
  const sightings: Sighting[] = [];
  const send = (signal = new AbortController().signal) =>
    remote.process({
      operation: 'sketch',
      options: { format: 'png' },
      inputPath,
      outputPath: join(folder, 'result'),
      thumbnails: true,
      signal,
      trace: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      onSighting: (sighting) => sightings.push(sighting),
    });
  return { remote, folder, inputPath, sightings, send };
}

describe('a picture', () => {
  it('is sent whole with what is wanted, and its result is written beside it', async () => {
    const { service, send, sightings, folder } = await sender();
    const output = await send();
    expect(service.asked).toMatchObject([
      { head: { format: 1, operation: 'sketch', options: { format: 'png' }, size: 9 } },
    ]);
    expect(service.asked[0]?.picture.toString()).toBe('a picture');
    expect(service.asked[0]?.headers.traceparent).toMatch(/^00-0af7651916cd43dd/);
    expect(output).toMatchObject({
      path: join(folder, 'result.png'),
      contentType: 'image/png',
      extension: 'png',
      width: 3,
      height: 2,
      decodedPixels: 6,
      notes: ['Made as PNG.'],
      processMs: 12,
      madeBy: 'run-1',
      steps: [{ step: 'make', ms: 10, startedAt: expect.any(Number) }],
    });
    expect(await readFile(output.path, 'utf8')).toBe('the result');
    expect(sightings).toEqual([{ instance: instanceReport(), reachedMs: expect.any(Number) }]);
  });

  it('has its thumbnails behind its result, where they are wanted and were made', async () => {
    const [result, small] = [Buffer.from('the result'), Buffer.from('thumbnails')];
    const parts = [{ of: 'result', width: 3, height: 2, offset: 0, size: 10 }];
    const { service, send, folder } = await sender({
      behaviour: answering(Buffer.concat([result, small]), {
        ...{ size: result.length, crc32c: crc32cOf(result) },
        thumbnails: { size: small.length, crc32c: crc32cOf(small), parts, mask: null },
      }),
    });
    const output = await send();
    expect(service.asked).toMatchObject([{ head: { thumbnails: true } }]);
    const path = join(folder, 'result.thumbnails');
    expect(output.thumbnails).toEqual({ kind: 'made', path, parts, mask: null });
    expect(await readFile(output.path, 'utf8')).toBe('the result');
    expect(await readFile(path, 'utf8')).toBe('thumbnails');
  });

  it('tells how long it was on its way, apart from the work', async () => {
    const inHandMs = 3_600_000;
    const { send, sightings } = await sender({
      behaviour: answering(Buffer.from('x'), { instance: instanceReport({ inHandMs }) }),
    });
    await send();
    // The instance says that it had it for longer than it was away.
    expect(sightings[0]?.reachedMs).toBe(0);
  });

  it('of many pieces goes there and comes back', async () => {
    const large = Buffer.alloc(5_000_000, 'abcdefghi');
    const { service, send, inputPath } = await sender({ behaviour: answering(large) });
    await writeFile(inputPath, large);
    expect((await readFile((await send()).path)).equals(large)).toBe(true);
    expect(service.asked[0]?.picture.equals(large)).toBe(true);
  });

  it('that is larger than a request may be is not sent', async () => {
    const { service, send, inputPath } = await sender();
    await truncate(inputPath, largestSentPicture + 1);
    await expect(send()).rejects.toMatchObject({ name: 'PermanentError', code: 'file_too_large' });
    expect(service.asked).toEqual([]);
  });

  it.each([
    [
      { kind: 'permanent', code: 'corrupt_image', message: 'It is damaged.' } as const,
      { name: 'PermanentError', code: 'corrupt_image', message: 'It is damaged.' },
    ],
    [
      { kind: 'retryable', code: 'processing_timeout', message: 'Too long.' } as const,
      { name: 'RetryableError', code: 'processing_timeout', message: 'Too long.' },
    ],
    [{ kind: 'unexpected', signature: 'a:b' } as const, { name: 'UnexpectedError', signature: 'a:b' }],
    [
      { kind: 'machine', lack: 'memory', message: 'None is left.' } as const,
      { name: 'MachineError', lack: 'memory' },
    ],
    [{ kind: 'busy', message: 'Every slot is taken.' } as const, { name: 'OutageError' }],
    [{ kind: 'unfit', message: 'It ends.' } as const, { name: 'OutageError' }],
    [{ kind: 'malformed', message: 'It is not whole.' } as const, { name: 'OutageError' }],
  ])('ends as the worker there says: %j', async (failure, error) => {
    const { send, sightings } = await sender({ behaviour: failing(failure) });
    await expect(send()).rejects.toMatchObject(error);
    expect(sightings).toHaveLength(1);
  });
});

describe('an answer that is not whole is no result:', () => {
  const frame = resultFrame(Buffer.from('the result'));
  const sent = (bytes: Uint8Array, length: number | null = bytes.length): Behaviour => {
    const stated = length === null ? {} : { 'content-length': length };
    return (response) => {
      response.writeHead(200, { 'content-type': frameContentType, ...stated });
      response.end(bytes);
    };
  };
  it.each<[string, Behaviour, Partial<RemoteLimits>?]>([
    ['the instance ends before it answers', (response) => void response.destroy()],
    ['it is cut within its first line', cutting(10)],
    ['it is cut within the result', cutting(50_000)],
    ['it stalls within its first line', stalling(10), { idleMs: 50 }],
    ['it stalls within the result', stalling(50_000), { idleMs: 50 }],
    ['it never comes', () => {}, { answerMs: 50 }],
    ['it is shorter than its first line states', sent(frame.subarray(0, -1))],
    ['it is longer than its first line states', sent(Buffer.concat([frame, Buffer.from('!')]), null)],
    ['it has other bytes', sent(Buffer.concat([frame.subarray(0, -1), Buffer.from('!')]))],
    ['it has no line', sent(Buffer.from('x'.repeat(70_000)))],
    ['its line is no JSON', sent(Buffer.from('a line\nand more'))],
  ])('%s', async (_, behaviour, limits = {}) => {
    const { service, send } = await sender({ behaviour, limits });
    // The instance may have been at work: the attempt does not count, and is not repeated without end.
    await expect(send()).rejects.toMatchObject({ name: 'MachineError', lack: 'processes' });
    // The next picture has nothing to do with what is left of that answer.
    service.behave(answering());
    expect(await readFile((await send()).path, 'utf8')).toBe('the result');
  });

  it.each<[string, object]>([
    ['names another place for its file', { extension: '../../etc/passwd' }],
    ['has a type that is not its extension’s', { contentType: 'text/html' }],
    ['is of another version', { format: 2 }],
    ['has no size', { size: -1 }],
    ['says nothing of who made it', { instance: null }],
  ])('it %s', async (_, changes) => {
    const { send } = await sender({ behaviour: answering(Buffer.from('x'), changes) });
    await expect(send()).rejects.toMatchObject({ name: 'RefusedError', scope: 'service' });
  });
});

describe('what stands in front of the worker, or in its place,', () => {
  it.each([
    [401, 'RefusedError', 'identity token'],
    [403, 'RefusedError', 'roles/run.invoker'],
    [404, 'RefusedError', 'SPILLWAY_SERVES=pictures'],
    [302, 'RefusedError', 'SPILLWAY_RUN_URL'],
    [413, 'PermanentError', '32 MiB'],
    [429, 'OutageError', 'maximum of instances'],
    [500, 'MachineError', 'the instance ended'],
    [503, 'MachineError', 'the instance ended'],
  ])('answers %i: %s', async (status, name, message) => {
    const { send } = await sender({ behaviour: refusing(status) });
    await expect(send()).rejects.toMatchObject({ name, message: expect.stringContaining(message) });
  });

  it('is not taken for a worker where it answers with a page', async () => {
    const { send, remote, service } = await sender({ behaviour: refusing(200) });
    await expect(send()).rejects.toMatchObject({ name: 'RefusedError', scope: 'service' });
    service.health.body = { status: 'ready' };
    await expect(remote.ask()).rejects.toThrow(RefusedError);
    service.health.body = { serves: 'pictures' };
    await remote.ask();
    service.health.status = 503;
    await expect(remote.ask()).rejects.toThrow(OutageError);
  });

  it('may refuse before the picture is there whole', async () => {
    const server = createServer((_request, response) => {
      response.writeHead(429, { connection: 'close' }).end('Rate exceeded.');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.closeAllConnections();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    });
    const { port } = server.address() as AddressInfo;
    const { send, inputPath } = await sendingTo(`http://127.0.0.1:${port}`);
    await truncate(inputPath, largestSentPicture);
    await expect(send()).rejects.toThrow(OutageError);
  });

  it('may not be there', async () => {
    const { send, remote, service } = await sender();
    await service.close();
    await expect(send()).rejects.toThrow(OutageError);
    await expect(remote.ask()).rejects.toThrow(OutageError);
  });

  it('may take no byte of it', async () => {
    // It accepts connections, and reads nothing of what is more than their buffers hold.
    const server = createSocketServer((socket) => {
      socket.pause();
      onTestFinished(() => void socket.destroy());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
    const { port } = server.address() as AddressInfo;
    const { send, inputPath } = await sendingTo(`http://127.0.0.1:${port}`, { idleMs: 100 });
    await truncate(inputPath, largestSentPicture);
    await expect(send()).rejects.toThrow(OutageError);
  });
});

it('a job that is called off hangs up, and throws why', async () => {
  const begun = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  const { send } = await sender({
    behaviour: (response) => {
      response.once('close', gone.resolve);
      begun.resolve();
    },
  });
  const claim = new AbortController();
  const result = send(claim.signal);
  await begun.promise;
  const why = new Error('The claim was lost.');
  claim.abort(why);
  await expect(result).rejects.toBe(why);
  await gone.promise;
  await expect(send(claim.signal)).rejects.toBe(why);
});

it('a connection that the other side closed meanwhile costs no picture', async () => {
  let connections = 0;
  const server = createSocketServer((socket) => {
    connections++;
    let requests = 0;
    socket.on('error', () => {});
    socket.on('data', () => {
      // The second request on a connection meets its end.
      if (++requests > 1) return void socket.destroy();
      const frame = resultFrame(Buffer.from('the result'));
      socket.write(
        `HTTP/1.1 200 OK\r\nContent-Type: ${frameContentType}\r\nContent-Length: ${frame.length}\r\n\r\n`,
      );
      socket.write(frame);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const { send, remote } = await sendingTo(`http://127.0.0.1:${port}`);
  onTestFinished(() => {
    remote.close();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  for (let sent = 0; sent < 3; sent++) expect(await send()).toMatchObject({ madeBy: 'run-1' });
  expect(connections).toBeGreaterThan(1);
});

it('every request has the identity token, and one that was refused is replaced', async () => {
  let number = 1;
  const tokens: IdentityTokens = { read: async () => `token-${number}`, forget: () => void number++ };
  const { service, send } = await sender({ tokens, behaviour: refusing(401) });
  await expect(send()).rejects.toThrow(RefusedError);
  service.behave(answering());
  await send();
  expect(service.asked.map(({ headers }) => headers.authorization)).toEqual([
    'Bearer token-1',
    'Bearer token-2',
  ]);
});
