import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
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

it('files that are in memory count as that of the process', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-memory-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'large'), Buffer.alloc(2e8));
  const counted = await createMachineMeter(process.pid, folder)();
  const left = await createMachineMeter(process.pid)();
  expect(counted.process.rssBytes).toBeGreaterThan(left.process.rssBytes + 1e8);
});
