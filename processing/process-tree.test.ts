import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { processTree, residentBytes } from './process-tree.ts';

/** A process that holds 100 MB, counts for a while, and has a child that waits. */
async function startFamily(): Promise<ChildProcess> {
  const script = `
    const held = Buffer.alloc(100e6, 1);
    let count = 0;
    while (count < 1e8) count++;
    const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)']);
    child.once('spawn', () => console.log(held.length + count));
    process.on('SIGTERM', () => child.kill() && process.exit());`;
  const parent = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(async () => {
    parent.kill();
    await once(parent, 'exit');
  });
  await once(parent.stdout, 'data');
  return parent;
}

it('a process is told with its children, their memory and their processor time', async () => {
  const parent = await startFamily();
  const [first, ...below] = await processTree(parent.pid ?? 0);
  expect(first).toMatchObject({ pid: parent.pid, parent: process.pid });
  expect(first?.rssBytes).toBeGreaterThan(100e6);
  expect(first?.cpuSeconds).toBeGreaterThan(0.02);
  expect(below).toMatchObject([{ parent: parent.pid }]);
  // It has only just begun.
  await expect.poll(async () => (await processTree(parent.pid ?? 0))[1]?.rssBytes).toBeGreaterThan(10e6);
  const own = await processTree(process.pid);
  expect(own.map(({ pid }) => pid)).toEqual(expect.arrayContaining([parent.pid, below[0]?.pid]));
  expect(await residentBytes(parent.pid ?? 0)).toBeGreaterThan(100e6);
});

it('a process that is gone has no memory and no tree', async () => {
  const gone = spawn(process.execPath, ['-e', '']);
  await once(gone, 'exit');
  expect(await residentBytes(gone.pid ?? 0)).toBeNull();
  expect(await processTree(gone.pid ?? 0)).toEqual([]);
});
