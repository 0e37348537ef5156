import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { vmWorkerUnit } from './vm-worker-unit.ts';

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;
const node = process.execPath;

it.skipIf(!hasSystemd)('systemd takes the unit as it is', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-unit-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'spillway-vm-worker.service');
  await writeFile(path, vmWorkerUnit(node, join(folder, 'with a space', 'spillway.js')));
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', path], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

it('the unit leaves a worker time to give back its jobs, and asks the worker alone to end', () => {
  const unit = vmWorkerUnit(node, '/opt/spillway/bin.js').split('\n');
  // The worker gives back after 20 s, and ends within two more.
  expect(unit).toContain('TimeoutStopSec=28');
  expect(unit).toContain('KillMode=mixed');
  expect(unit).toContain(`ExecStart=${node} /opt/spillway/bin.js vm-worker`);
});
