import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAdaptorServer } from '@hono/node-server';
import { MachineError, PermanentError, RetryableError, UnexpectedError } from '@spillway/core/errors.ts';
import { largestFile } from '@spillway/core/file-size.ts';
import type { CallerVerdict } from '@spillway/pipeline/callers/check-caller.ts';
import { crc32cOf } from '@spillway/pipeline/crc32c.ts';
import type { Operate } from '@spillway/pipeline/executor.ts';
import { hardenServer } from '@spillway/pipeline/http/harden-server.ts';
import { createMemoryPorts } from '@spillway/pipeline/memory/ports.ts';
import { failureBodySchema, resultHeadSchema, wireFormat } from '@spillway/pipeline/pictures/wire.ts';
import { copying } from '@spillway/pipeline/testing/workbench.ts';
import type { PictureWorker } from '@spillway/worker/picture-worker.ts';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createPicturesApp } from './pictures-app.ts';
import { createSelfCheck } from './self-check.ts';

const { log } = createMemoryPorts();
const machine = {
  cpu: { load: 0, perCore: [] },
  memory: { totalBytes: 1, usedBytes: 0 },
  process: { cpu: 0, rssBytes: 1, count: 1 },
};

/** A service on a port of this machine, whose instance works as `operate` does. */
async function service(
  operate: Operate = copying,
  {
    slots = 1,
    concurrency = 1,
    verdict = { kind: 'welcome' } as CallerVerdict,
    limits = { idleMs: 20_000, mostMs: 60_000 },
    ill = false,
  } = {},
) {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-pictures-'));
  const offers = { operations: ['sketch'], models: [], fetches: false };
  const worker: PictureWorker = {
    slots,
    folder,
    operate,
    report: () => ({ id: 'run-1', slots, models: [], offers, version: '1.2.3', ...machine, upMs: 9 }),
    selfTest: async () => (ill ? { lack: 'disk', why: 'Its disk is full or fails.' } : null),
    close: async () => {},
  };
  const selfCheck = createSelfCheck(worker, log);
  const { app, idle, giveUp } = createPicturesApp(worker, selfCheck, {
    check: async () => verdict,
    log,
    concurrency,
    limits,
  });
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  hardenServer(server, log);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true });
  });
  const { port } = server.address() as AddressInfo;
  const files = () => readdir(folder);
  return { url: `http://127.0.0.1:${port}`, files, idle, giveUp, selfCheck };
}

const picture = Buffer.from('a picture');

function head(changes: object = {}): object {
  const stated = { size: picture.length, crc32c: crc32cOf(picture) };
  return { format: wireFormat, operation: 'sketch', options: {}, ...stated, ...changes };
}

function frame(changes: object = {}, body: Uint8Array = picture): Buffer {
  return Buffer.concat([Buffer.from(`${JSON.stringify(head(changes))}\n`), body]);
}

async function post(url: string, body: Uint8Array | string, headers: Record<string, string> = {}) {
  const answer = await fetch(`${url}/process`, { method: 'POST', body: body as BodyInit, headers });
  const bytes = Buffer.from(await answer.arrayBuffer());
  return { status: answer.status, bytes };
}

/** What an answer without a result says. */
async function failureOf(answer: Promise<{ status: number; bytes: Buffer }>) {
  const { status, bytes } = await answer;
  const { failure } = failureBodySchema.parse(JSON.parse(bytes.toString()));
  return { status, ...failure };
}

/** A request that is under way: its body ends when the test says so. */
function open(url: string) {
  const request = httpRequest(`${url}/process`, { method: 'POST' });
  const answer = once(request, 'response') as Promise<[IncomingMessage]>;
  answer.catch(() => {});
  request.on('error', () => {});
  return { request, answer };
}

describe('a picture that is sent', () => {
  it('comes back as a result, with size, checksum and what is known of who made it', async () => {
    const seen: unknown[] = [];
    const { url, files, idle } = await service(async (request) => {
      seen.push(request.operation, request.options, await readFile(request.inputPath, 'utf8'));
      const output = await copying(request);
      return { ...output, steps: [{ step: 'make', startedAt: Date.now() - 50, ms: 20 }], notes: ['Ä note.'] };
    });
    const { status, bytes } = await post(url, frame({ options: { format: 'webp' } }));
    expect(status).toBe(200);
    expect(seen).toEqual(['sketch', expect.objectContaining({ format: 'webp' }), 'a picture']);
    const end = bytes.indexOf('\n');
    const line = resultHeadSchema.parse(JSON.parse(bytes.subarray(0, end).toString()));
    const result = bytes.subarray(end + 1);
    expect(result.toString()).toBe('result');
    expect(line).toMatchObject({
      size: result.length,
      crc32c: crc32cOf(result),
      contentType: 'image/png',
      extension: 'png',
      notes: ['Ä note.'],
      processMs: 1,
      steps: [{ step: 'make', ms: 20 }],
      instance: { id: 'run-1', version: '1.2.3', slots: 1, busy: 0, inFlight: 1, ...machine },
    });
    expect(line.steps[0]?.agoMs).toBeGreaterThanOrEqual(50);
    await idle();
    await expect.poll(files).toEqual([]);
  });

  it('comes back with thumbnails, where they are wanted and can be made', async () => {
    const index = { parts: [], mask: { width: 3, height: 2, offset: 0, size: 10 } };
    const { url } = await service(async (request) => {
      const output = await copying(request);
      if (!request.thumbnails) return output;
      const path = `${request.outputPath}.thumbnails`;
      await writeFile(path, 'thumbnails');
      return { ...output, thumbnails: { kind: 'made', path, ...index } };
    });
    const bodyOf = async (changes: object) => {
      const { bytes } = await post(url, frame(changes));
      const end = bytes.indexOf('\n');
      const line = resultHeadSchema.parse(JSON.parse(bytes.subarray(0, end).toString()));
      return [line.thumbnails, bytes.subarray(end + 1).toString()];
    };
    const crc32c = crc32cOf(Buffer.from('thumbnails'));
    expect(await bodyOf({ thumbnails: true })).toEqual([{ size: 10, crc32c, ...index }, 'resultthumbnails']);
    expect(await bodyOf({})).toEqual([null, 'result']);
  });

  it.each([
    [new PermanentError('corrupt_image'), 422, { kind: 'permanent', code: 'corrupt_image' }],
    [new RetryableError('processing_timeout', 'Too long.'), 500, { kind: 'retryable', message: 'Too long.' }],
    [new UnexpectedError('a:b'), 500, { kind: 'unexpected', signature: 'a:b' }],
    [new MachineError('memory', 'None is left.'), 503, { kind: 'machine', lack: 'memory' }],
    [new Error('Nobody knows.'), 500, { kind: 'retryable', code: 'internal' }],
  ])('fails as %s, which its sender can tell', async (error, status, failure) => {
    const { url, files } = await service(() => Promise.reject(error));
    expect(await failureOf(post(url, frame()))).toMatchObject({ status, ...failure });
    await expect.poll(files).toEqual([]);
  });

  it.each([
    [{ operation: 'unknown' }, 'unknown_operation'],
    [{ operation: '__proto__' }, 'unknown_operation'],
    [{ options: { format: 'bmp' } }, 'invalid_options'],
    [{ size: 0, crc32c: crc32cOf(Buffer.alloc(0)) }, 'empty_file'],
    [{ size: largestFile + 1 }, 'file_too_large'],
  ])('can never work with %j', async (changes, code) => {
    const { url } = await service();
    const body = 'size' in changes ? Buffer.alloc(0) : picture;
    expect(await failureOf(post(url, frame(changes, body)))).toMatchObject({ status: 422, code });
  });
});

describe('what is no picture, or not a whole one', () => {
  const operated: string[] = [];
  const noting: Operate = (request) => {
    operated.push(request.inputPath);
    return copying(request);
  };

  it.each([
    ['nothing', ''],
    ['no line', 'x'.repeat(100)],
    ['a line that is too long', 'x'.repeat(70_000)],
    ['no JSON', 'a line\nand more'],
    ['an empty object', '{}\nand more'],
    ['another version', frame({ format: 2 })],
    ['fewer bytes than it states', frame({}, picture.subarray(1))],
    ['more bytes than it states', frame({}, Buffer.concat([picture, picture]))],
    ['other bytes than it states', frame({}, Buffer.from('b picture'))],
    ['a size below zero', frame({ size: -1 })],
  ])('is not worked on: %s', async (_, body) => {
    const { url, files } = await service(noting);
    expect(await failureOf(post(url, body))).toMatchObject({ status: 400, kind: 'malformed' });
    expect(operated).toEqual([]);
    await expect.poll(files).toEqual([]);
  });

  it('is not waited for beyond the limits', async () => {
    const { url, idle, files } = await service(noting, { limits: { idleMs: 50, mostMs: 60_000 } });
    const { request, answer } = open(url);
    request.write(frame().subarray(0, 20));
    const [response] = await answer;
    expect(response.statusCode).toBe(400);
    request.destroy();
    await idle();
    await expect.poll(files).toEqual([]);
    expect(operated).toEqual([]);
  });
});

describe('a slot', () => {
  it('has one picture at a time, and others up to the concurrency wait for it', async () => {
    const working = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let [calls, atOnce, most] = [0, 0, 0];
    const { url } = await service(
      async (request) => {
        most = Math.max(most, ++atOnce);
        await working[calls++]?.promise;
        atOnce--;
        return copying(request);
      },
      { concurrency: 2 },
    );
    const answers = [post(url, frame()), post(url, frame())];
    const health = async () => (await fetch(new URL('/health', url))).json();
    await expect.poll(health).toMatchObject({ slots: 1, busy: 1, inFlight: 2 });
    expect(await failureOf(post(url, frame()))).toMatchObject({ status: 429, kind: 'busy' });
    for (const { resolve } of working) resolve();
    for (const answer of answers) expect((await answer).status).toBe(200);
    expect([calls, most]).toEqual([2, 1]);
  });

  it('has one picture at a time: where the concurrency is no more, others are refused at once', async () => {
    const working = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const { url, idle } = await service(async (request) => {
      begun.resolve();
      await working.promise;
      return copying(request);
    });
    const first = post(url, frame());
    await begun.promise;
    expect(await failureOf(post(url, frame()))).toMatchObject({ status: 429, kind: 'busy' });
    working.resolve();
    expect((await first).status).toBe(200);
    await idle();
    expect((await post(url, frame())).status).toBe(200);
  });

  it('is free again when its sender hangs up, in the middle of the work too', async () => {
    const begun = Promise.withResolvers<AbortSignal>();
    let calls = 0;
    const { url, idle, files } = await service(async (request) => {
      if (calls++ > 0) return copying(request);
      begun.resolve(request.signal);
      await once(request.signal, 'abort');
      throw request.signal.reason;
    });
    const { request } = open(url);
    request.end(frame());
    const signal = await begun.promise;
    request.destroy();
    await idle();
    expect(signal.aborted).toBe(true);
    await expect.poll(files).toEqual([]);
    expect((await post(url, frame())).status).toBe(200);
  });

  it('is given up when the instance has to end', async () => {
    const begun = Promise.withResolvers<void>();
    const { url, giveUp } = await service(async (request) => {
      begun.resolve();
      await once(request.signal, 'abort');
      throw request.signal.reason;
    });
    const answer = failureOf(post(url, frame()));
    await begun.promise;
    giveUp();
    expect(await answer).toMatchObject({ status: 503, kind: 'unfit' });
  });

  it('takes nothing while its machine is not well, and the instance is lost where a test confirms it', async () => {
    const failing: Operate = () => Promise.reject(new MachineError('disk', 'Its disk is full.'));
    const { url, selfCheck } = await service(failing, { ill: true });
    expect(await failureOf(post(url, frame()))).toMatchObject({ status: 503, kind: 'machine', lack: 'disk' });
    expect(await selfCheck.lost).toMatchObject({ lack: 'disk' });
    expect(await failureOf(post(url, frame()))).toMatchObject({ status: 503, kind: 'unfit' });
    const health = await fetch(`${url}/health`);
    expect([health.status, await health.json()]).toMatchObject([503, { status: 'unfit' }]);
  });
});

describe('the endpoint', () => {
  it.each<[CallerVerdict, number]>([
    [{ kind: 'refused', status: 401, refusal: 'no_token' }, 401],
    [{ kind: 'refused', status: 403, refusal: 'account' }, 403],
    [{ kind: 'outage', status: 503 }, 503],
  ])('lets in nobody whose token says %j, and reads nothing of theirs', async (verdict, status) => {
    const { url, files } = await service(copying, { verdict });
    const { request, answer } = open(url);
    request.flushHeaders();
    const [response] = await answer;
    expect(response.statusCode).toBe(status);
    request.destroy();
    expect(await files()).toEqual([]);
    expect((await fetch(`${url}/health`)).status).toBe(200);
  });

  it('takes nothing from a web page', async () => {
    const { url } = await service();
    expect((await post(url, frame(), { origin: 'https://evil.example' })).status).toBe(403);
  });

  it('says how it is', async () => {
    const { url } = await service();
    const answer = await fetch(`${url}/health`);
    expect([answer.status, await answer.json()]).toEqual([
      200,
      { status: 'ready', serves: 'pictures', slots: 1, busy: 0, inFlight: 0 },
    ]);
  });
});

it('a result of many pieces is streamed whole, however slowly it is taken', async () => {
  const large = Buffer.alloc(3_000_000, 'abcdefg');
  const { url } = await service(async (request) => {
    const output = await copying(request);
    await writeFile(output.path, large);
    return output;
  });
  const { bytes } = await post(url, frame());
  expect(bytes.subarray(bytes.indexOf('\n') + 1).equals(large)).toBe(true);
});
