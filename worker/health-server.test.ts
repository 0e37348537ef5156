import { createMemoryPorts } from '@spillway/pipeline/memory/ports.ts';
import { expect, it, onTestFinished } from 'vitest';
import { startHealthServer, workerHealth } from './health-server.ts';

it("a VM's health tells a start from work, and its port answers nothing else", async () => {
  const ports = createMemoryPorts();
  const health = workerHealth();
  const { port, stop } = await startHealthServer({ host: '127.0.0.1', port: 0 }, health, ports.log);
  onTestFinished(stop);
  const get = (path: string, method = 'GET') => fetch(`http://127.0.0.1:${port}${path}`, { method });
  const starting = await get('/health');
  expect([starting.status, await starting.json()]).toEqual([503, { status: 'starting' }]);
  health.begin(() => ports.jobs.get('health'));
  const ready = await get('/health');
  expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready' }]);
  expect((await get('/health', 'POST')).status).toBe(405);
  expect((await get('/')).status).toBe(404);
});

it('a port that is taken is an error', async () => {
  const { log } = createMemoryPorts();
  const first = await startHealthServer({ host: '127.0.0.1', port: 0 }, workerHealth(), log);
  onTestFinished(first.stop);
  const second = startHealthServer({ host: '127.0.0.1', port: first.port }, workerHealth(), log);
  await expect(second).rejects.toThrow('EADDRINUSE');
});
