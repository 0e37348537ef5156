import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { http } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import { createAdaptorServer } from '@hono/node-server';
import { createPushApp } from '@spillway/cloudrun-worker/app.ts';
import { createRouteFunction } from '@spillway/functions/route.ts';
import { createFindLostFunction, createSweepFunction } from '@spillway/functions/sweep.ts';
import { hardenServer } from '@spillway/pipeline/http/harden-server.ts';
import { createMetricsPage } from '@spillway/pipeline/http/metrics-page.ts';
import { createMemoryPorts } from '@spillway/pipeline/memory/ports.ts';
import { findUnanswered } from '@spillway/pipeline/testing/find-unanswered.ts';
import { withGoogleEvents } from '@spillway/pipeline/testing/google-events.ts';
import type { ServerRoute } from '@spillway/pipeline/testing/hostile-requests.ts';
import { describe, expect, it, onTestFinished } from 'vitest';
import { kindOf, putFrontBefore } from './functions-front.ts';
import { anybodyMayInvoke } from './run-invocation.ts';
import { createRunProxy } from './run-proxy.ts';

const tooLarge = 33 * 1_024 * 1_024;
const { consumer, log } = createMemoryPorts();
const check = async () => ({ kind: 'welcome' }) as const;
const health = { report: async () => ({ status: 'ready' }) as const };
const metrics = createMetricsPage(async () => [], 0);
const pages = {
  check,
  health,
  metrics,
  metricsPush: { whenDue: async () => {} },
  rollupFlush: { whenDue: async () => {} },
  tracing: { flush: async () => {} },
  log,
};

async function listen(server: Server): Promise<number> {
  hardenServer(server, log);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return (server.address() as AddressInfo).port;
}

const adapted = (app: { fetch: Parameters<typeof createAdaptorServer>[0]['fetch'] }) =>
  createAdaptorServer({ fetch: app.fetch }) as Server;

/** A worker's push endpoint that takes every message. */
function startPushEndpoint() {
  const work = async () => ({ kind: 'nothing_waits', ack: true }) as const;
  const worker = { slots: 1, concurrency: 1, busy: () => 0, inFlight: () => 0, unfit: () => null, work };
  const app = createPushApp(worker, consumer, pages);
  const routes = app.routes.filter(({ method }) => method !== 'ALL');
  return { server: adapted(app), routes };
}

describe('goes on whatever is sent to it', () => {
  it("the Cloud Run worker's push endpoint", async () => {
    const { server, routes } = startPushEndpoint();
    expect(routes.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /health',
      'GET /metrics',
      'POST /push',
    ]);
    const port = await listen(server);
    const probe = { method: 'GET', path: '/health' };
    expect(await findUnanswered({ port, routes, probe, tooLarge })).toEqual([]);
  });

  it('the Cloud Run stand-in', async () => {
    const instance = await listen(startPushEndpoint().server);
    let reserved = 0;
    const reserve = async () => {
      reserved++;
      return { port: instance, release: () => void reserved-- };
    };
    const port = await listen(adapted(createRunProxy({ reserve, status: () => [] }, anybodyMayInvoke)));
    const routes = ['/push', '/instances', '/any/other'].flatMap((path) =>
      ['GET', 'POST', 'HEAD'].map((method): ServerRoute => ({ method, path })),
    );
    const probe = { method: 'GET', path: '/health' };
    expect(await findUnanswered({ port, routes, probe, tooLarge })).toEqual([]);
    await expect.poll(() => reserved).toBe(0);
  });

  it.each(['route', 'route-web', 'sweep', 'find-lost'])('the function %s', async (name) => {
    const ports = createMemoryPorts();
    http('route', createRouteFunction(withGoogleEvents(ports)));
    http('route-web', createRouteFunction(withGoogleEvents(ports)));
    http('sweep', createSweepFunction(ports, 0));
    http('find-lost', createFindLostFunction(ports, 0, 60_000));
    const server = getTestServer(name);
    putFrontBefore(server, kindOf(name));
    const port = await listen(server);
    const routes = ['POST', 'GET', 'PUT'].map((method) => ({ method, path: '/' }));
    const probe = { method: 'GET', path: '/', answer: 405 };
    expect(await findUnanswered({ port, routes, probe, tooLarge })).toEqual([]);
  });
});
