import { createMemoryPorts } from '@spillway/pipeline/memory/ports.ts';
import { describe, expect, it } from 'vitest';
import { createPushApp, type PushWork } from './app.ts';

function push(worker: PushWork, body: unknown) {
  return createPushApp(worker, createMemoryPorts().log).request('/push', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

const envelope = { message: { data: Buffer.from('{"jobId":"1"}').toString('base64') }, subscription: 's' };
const worker = (settled: boolean, changes: Partial<PushWork> = {}): PushWork & { seen: string[] } => {
  const seen: string[] = [];
  const work = async (data: string) => {
    seen.push(data);
    return settled;
  };
  return { slots: 1, busy: () => 0, unfit: () => null, work, seen, ...changes };
};

describe('the push endpoint', () => {
  it('answers 204 when the work is done, and only then', async () => {
    const done = Promise.withResolvers<boolean>();
    const answer = push(worker(true, { work: () => done.promise }), envelope);
    const first = await Promise.race([answer, Promise.resolve('still working')]);
    expect(first).toBe('still working');
    done.resolve(true);
    expect((await answer).status).toBe(204);
  });

  it('decodes the message, and answers 503 for one that has to come again', async () => {
    const refusing = worker(false);
    expect((await push(refusing, envelope)).status).toBe(503);
    expect(refusing.seen).toEqual(['{"jobId":"1"}']);
  });

  it('answers 429 past its concurrency', async () => {
    expect((await push(worker(true, { busy: () => 1 }), envelope)).status).toBe(429);
  });

  it('answers 503 while its machine cannot work, and does not touch the message', async () => {
    const unfit = worker(true, { unfit: () => 'Its disk is full or fails.' });
    const answer = await push(unfit, envelope);
    expect([answer.status, await answer.text(), unfit.seen]).toEqual([503, 'Its disk is full or fails.', []]);
  });

  it.each(['not json', '{"other":1}', '{"message":{"attributes":{"a":"b"}}}', ''])(
    'hands on %j as it came, so that it ends and is kept',
    async (body) => {
      const accepting = worker(true);
      expect((await push(accepting, body)).status).toBe(204);
      expect(accepting.seen).toEqual([body]);
    },
  );

  it.each([{ origin: 'https://evil.example' }, { origin: 'null' }, { 'sec-fetch-site': 'cross-site' }])(
    'takes nothing from a web page: %j',
    async (headers) => {
      const accepting = worker(true);
      const app = createPushApp(accepting, createMemoryPorts().log);
      const init = { method: 'POST', headers, body: JSON.stringify(envelope) };
      expect((await app.request('/push', init)).status).toBe(403);
      expect(accepting.seen).toEqual([]);
    },
  );

  it('says that it is well', async () => {
    const answer = await createPushApp(worker(true), createMemoryPorts().log).request('/healthz');
    expect(await answer.json()).toEqual({ status: 'ok', slots: 1, busy: 0 });
  });
});
