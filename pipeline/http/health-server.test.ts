import { expect, it, onTestFinished } from 'vitest';
import { createHealth } from '../health.ts';
import { createMemoryPorts } from '../memory/ports.ts';
import { createMeter } from '../telemetry/meter.ts';
import { startHealthServer } from './health-server.ts';
import { createMetricsPage, type MetricsPage } from './metrics-page.ts';

const anyPort = { host: '127.0.0.1', port: 0 };

it("a program's health tells a start from work, and its port answers nothing else", async () => {
  const ports = createMemoryPorts();
  const health = createHealth(() => performance.now());
  let page: MetricsPage | null = null;
  const metrics = () => page;
  const { port, stop } = await startHealthServer(anyPort, { health, metrics }, ports.log);
  onTestFinished(stop);
  const get = (path: string, method = 'GET') => fetch(`http://127.0.0.1:${port}${path}`, { method });
  const starting = await get('/health');
  expect([starting.status, await starting.json()]).toEqual([503, { status: 'starting' }]);
  health.begin(() => ports.jobs.get('health'));
  const ready = await get('/health');
  expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready' }]);
  expect((await get('/health', 'POST')).status).toBe(405);
  expect((await get('/')).status).toBe(404);

  expect((await get('/metrics')).status).toBe(503);
  const meter = createMeter();
  page = createMetricsPage(meter.read, 0);
  meter.instruments.count('spillway.dead_letters', { kind: 'message' });
  const metricsAnswer = await get('/metrics');
  expect([metricsAnswer.status, metricsAnswer.headers.get('content-type')]).toEqual([
    200,
    'text/plain; version=0.0.4; charset=utf-8',
  ]);
  expect(await metricsAnswer.text()).toContain('spillway_dead_letters_total{kind="message"} 1');
});

it('a port that is taken is an error', async () => {
  const { log } = createMemoryPorts();
  const pages = { health: createHealth(() => performance.now()), metrics: () => null };
  const first = await startHealthServer(anyPort, pages, log);
  onTestFinished(first.stop);
  const second = startHealthServer({ ...anyPort, port: first.port }, pages, log);
  await expect(second).rejects.toThrow('EADDRINUSE');
});
