import { expect, it } from 'vitest';
import { createMachineMeter } from './machine-metrics.ts';

it('a machine is told with the share of it that this process uses', async () => {
  const read = createMachineMeter(process.pid);
  const first = await read();
  expect(first.process.count).toBeGreaterThanOrEqual(1);
  expect(first.process.rssBytes).toBeGreaterThan(20e6);
  expect(first.memory.usedBytes).toBeGreaterThan(first.process.rssBytes / 2);
  expect(first.memory.usedBytes).toBeLessThan(first.memory.totalBytes);
  const before = process.cpuUsage();
  while (process.cpuUsage(before).user < 300_000);
  const busy = await read();
  expect(busy.process.cpu).toBeGreaterThan(0);
  expect(busy.cpu.load).toBeGreaterThan(0);
  expect(busy.cpu.load).toBeLessThanOrEqual(1);
  for (const load of busy.cpu.perCore) expect(load).toBeLessThanOrEqual(1);
});
