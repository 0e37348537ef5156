import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { CallerVerdict } from '@spillway/pipeline/callers/check-caller.ts';
import { createMetricsPage } from '@spillway/pipeline/http/metrics-page.ts';
import { createMemoryPorts } from '@spillway/pipeline/memory/ports.ts';
import { givenBack, type Outcome } from '@spillway/pipeline/outcome.ts';
import type { Delivery } from '@spillway/pipeline/ports/consumer.ts';
import { prometheusContentType } from '@spillway/pipeline/telemetry/prometheus.ts';
import { describe, expect, it } from 'vitest';
import { createPushApp, type PushPages, type PushWork } from './app.ts';

const { consumer, log } = createMemoryPorts();
const check = async () => ({ kind: 'welcome' }) as const;
const health = { report: async () => ({ status: 'ready' }) as const };
const metrics = createMetricsPage(async () => [], 0);
const metricsPush = { whenDue: async () => {} };
const rollupFlush = { whenDue: async () => {} };
const tracing = { flush: async () => {} };
const pages: PushPages = { check, health, metrics, metricsPush, rollupFlush, tracing, log };

function push(worker: PushWork, body: string) {
  return createPushApp(worker, consumer, pages).request('/push', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
}

/** A push, whose body in memory is the message's data itself. */
const message = '{"jobId":"1"}';
const done = { kind: 'dropped', ack: true, why: 'ended' } as const;
const worker = (outcome: Outcome, changes: Partial<PushWork> = {}): PushWork & { seen: string[] } => {
  const seen: string[] = [];
  const work = async ({ data }: Delivery) => {
    seen.push(data);
    return outcome;
  };
  return {
    slots: 1,
    concurrency: 1,
    busy: () => 0,
    inFlight: () => 0,
    unfit: () => null,
    work,
    seen,
    ...changes,
  };
};

describe('the push endpoint', () => {
  it('sends its spans before the answer after which it may stand still', async () => {
    const finished: string[] = [];
    let others = 1;
    const app = createPushApp(worker(done, { concurrency: 3, inFlight: () => others }), consumer, {
      ...pages,
      tracing: { flush: async () => void finished.push('flush') },
    });
    const one = () => app.request('/push', { method: 'POST', body: message });
    await one();
    expect(finished).toEqual([]);
    others = 0;
    expect((await one()).status).toBe(204);
    expect(finished).toEqual(['flush']);
  });

  it('answers 204 when the work is done, and only then', async () => {
    const working = Promise.withResolvers<Outcome>();
    const answer = push(worker(done, { work: () => working.promise }), message);
    const first = await Promise.race([answer, Promise.resolve('still working')]);
    expect(first).toBe('still working');
    working.resolve(done);
    expect((await answer).status).toBe(204);
  });

  it('writes metrics that are due before it answers, and shows what it counts to who may call it', async () => {
    const steps: string[] = [];
    const counted = createMetricsPage(async () => [], 0);
    const work = async () => {
      steps.push('worked');
      return done;
    };
    const metricsPush = { whenDue: async () => void steps.push('written') };
    const app = createPushApp(worker(done, { work }), consumer, { ...pages, metrics: counted, metricsPush });
    expect((await app.request('/push', { method: 'POST', body: message })).status).toBe(204);
    expect(steps).toEqual(['worked', 'written']);
    const env = { outgoing: new ServerResponse(new IncomingMessage(new Socket())) };
    const shown = await app.request('/metrics', {}, env);
    expect([shown.status, shown.headers.get('content-type')]).toEqual([200, prometheusContentType]);
  });

  it('hands on the message, and answers 503 for one that has to come again', async () => {
    const refusing = worker(givenBack('Firestore did not answer.'));
    expect((await push(refusing, message)).status).toBe(503);
    expect(refusing.seen).toEqual(['{"jobId":"1"}']);
  });

  it('answers 429 past its concurrency', async () => {
    expect((await push(worker(done, { inFlight: () => 1 }), message)).status).toBe(429);
    // The semaphore of its slots lets it wait.
    const beside = worker(done, { concurrency: 2, inFlight: () => 1, busy: () => 1 });
    expect((await push(beside, message)).status).toBe(204);
  });

  it('gives one place to one of two messages that arrive together', async () => {
    const working = Promise.withResolvers<Outcome>();
    let inHand = 0;
    const full = worker(done, {
      inFlight: () => inHand,
      work: () => {
        inHand++;
        return working.promise;
      },
    });
    const app = createPushApp(full, consumer, pages);
    const init = { method: 'POST', body: message };
    const answers = [app.request('/push', init), app.request('/push', init)];
    expect((await Promise.race(answers)).status).toBe(429);
    working.resolve(done);
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    expect([statuses.sort(), inHand]).toEqual([[204, 429], 1]);
  });

  it('answers 503 while its machine cannot work, and does not touch the message', async () => {
    const unfit = worker(done, { unfit: () => 'Its disk is full or fails.' });
    const answer = await push(unfit, message);
    expect([answer.status, await answer.text(), unfit.seen]).toEqual([503, 'Its disk is full or fails.', []]);
  });

  it.each(['not json', '{"other":1}', '{"message":{"attributes":{"a":"b"}}}', ''])(
    'hands on %j as it came, so that it ends and is kept',
    async (body) => {
      const accepting = worker(done);
      expect((await push(accepting, body)).status).toBe(204);
      expect(accepting.seen).toEqual([body]);
    },
  );

  it.each([{ origin: 'https://evil.example' }, { origin: 'null' }, { 'sec-fetch-site': 'cross-site' }])(
    'takes nothing from a web page: %j',
    async (headers) => {
      const accepting = worker(done);
      const app = createPushApp(accepting, consumer, pages);
      const init = { method: 'POST', headers, body: message };
      expect((await app.request('/push', init)).status).toBe(403);
      expect(accepting.seen).toEqual([]);
    },
  );

  it.each<[CallerVerdict, string | null]>([
    [{ kind: 'refused', status: 401, refusal: 'no_token' }, 'Bearer'],
    [{ kind: 'refused', status: 403, refusal: 'account' }, null],
    [{ kind: 'outage', status: 503 }, null],
  ])('answers %j before anything of the body is read', async (verdict, how) => {
    let pulls = 0;
    const body = new ReadableStream({ pull: () => void pulls++ }, { highWaterMark: 0 });
    const accepting = worker(done);
    const app = createPushApp(accepting, consumer, { ...pages, check: async () => verdict });
    const init = { method: 'POST', body, duplex: 'half' as const };
    for (const path of ['/push', '/health', '/other']) {
      const answer = await app.request(path, path === '/push' ? init : { method: 'POST' });
      expect(answer.status).toBe(verdict.kind === 'welcome' ? 204 : verdict.status);
      expect(answer.headers.get('www-authenticate')).toBe(how);
    }
    expect([pulls, accepting.seen]).toEqual([0, []]);
    expect((await app.request('/health')).status).toBe(200);
  });

  it('says how it is', async () => {
    const answer = await createPushApp(worker(done), consumer, pages).request('/health');
    expect([answer.status, await answer.json()]).toEqual([
      200,
      { status: 'ready', slots: 1, busy: 0, inFlight: 0 },
    ]);
    const detail = 'cannot reach the database since 70 s';
    const cutOff = { report: async () => ({ status: 'unreachable', detail }) as const };
    const ill = await createPushApp(worker(done), consumer, { ...pages, health: cutOff }).request('/health');
    expect([ill.status, await ill.json()]).toMatchObject([503, { status: 'unreachable', detail }]);
  });
});
