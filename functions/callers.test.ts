import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { http } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import type { CallerCheck, CallerVerdict, CallHeaders } from '@spillway/pipeline/callers/check-caller.ts';
import { expect, it, onTestFinished } from 'vitest';
import { forCallers } from './callers.ts';
import { withHealth } from './health.ts';

const health = { begin: () => {}, report: async () => ({ status: 'ready' }) as const };

/** A function behind this verdict, as the real framework serves it. */
async function serve(verdict: CallerVerdict) {
  const asked: CallHeaders[] = [];
  const bodies: unknown[] = [];
  const check: CallerCheck = async (headers) => {
    asked.push(headers);
    return verdict;
  };
  const handler = forCallers(check, async (request, response) => {
    bodies.push(request.body);
    response.status(204).end();
  });
  http('called', withHealth(handler, health));
  const server = getTestServer('called').listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const call = (path: string, init: RequestInit) => fetch(`http://127.0.0.1:${port}${path}`, init);
  return { call, asked, bodies, port };
}

const post = {
  method: 'POST',
  headers: { authorization: 'Bearer a.b.c', 'content-type': 'application/json' },
  body: '{"name":"cat.jpg"}',
};

it('a function works for those who may call it', async () => {
  const { call, asked, bodies } = await serve({ kind: 'welcome' });
  expect((await call('/', post)).status).toBe(204);
  expect(bodies).toEqual([{ name: 'cat.jpg' }]);
  expect(asked).toEqual([{ authorization: 'Bearer a.b.c', 'x-serverless-authorization': undefined }]);
});

it.each(['authorization', 'x-serverless-authorization'])(
  'a header %s that comes twice is shown whole, so that neither is believed',
  async (name) => {
    const { asked, port } = await serve({ kind: 'welcome' });
    const twice = request({
      port,
      method: 'POST',
      headers: ['host', 'x', name, 'Bearer a.b.c', name, 'Bearer d.e.f'],
    });
    twice.end();
    const [answer] = (await once(twice, 'response')) as [IncomingMessage];
    answer.resume();
    expect(asked).toMatchObject([{ [name]: 'Bearer a.b.c,Bearer d.e.f' }]);
  },
);

it.each<[CallerVerdict, string | null]>([
  [{ kind: 'refused', status: 401, refusal: 'signature' }, 'Bearer'],
  [{ kind: 'refused', status: 403, refusal: 'account' }, null],
  [{ kind: 'outage', status: 503 }, null],
])('answers others %j, on every path and with every method, and does nothing', async (verdict, how) => {
  const { call, bodies } = await serve(verdict);
  const calls: [path: string, init: RequestInit][] = [
    ['/', post],
    ['/health', post],
    ['/?days=10', { method: 'GET' }],
    ['/x/health', { method: 'GET' }],
    ['/', { method: 'DELETE' }],
  ];
  for (const [path, init] of calls) {
    const answer = await call(path, init);
    const status = verdict.kind === 'welcome' ? 204 : verdict.status;
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([status, how]);
    expect(await answer.text()).toBe('');
  }
  expect(bodies).toEqual([]);
});

it('answers everybody for its health', async () => {
  const { call, asked } = await serve({ kind: 'refused', status: 401, refusal: 'no_token' });
  expect((await call('/health', { method: 'GET' })).status).toBe(200);
  expect(asked).toEqual([]);
});
