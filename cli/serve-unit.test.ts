import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readServeOptions } from '@spillway/serve/options.ts';
import { expect, it, onTestFinished } from 'vitest';
import { serveUnit } from './serve-unit.ts';

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;
const unit = serveUnit(process.execPath, '/opt/spillway/bin.js');

it.skipIf(!hasSystemd)('systemd takes the unit as it is', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-unit-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'spillway.service');
  await writeFile(path, unit);
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', path], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

it('the unit keeps its data where it may write, leaves workers time, and starts nothing again that a person has to mend', () => {
  const variables = [...unit.matchAll(/^Environment=(\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]);
  const options = readServeOptions({}, Object.fromEntries(variables));
  const [, state] = /^StateDirectory=(.*)$/m.exec(unit) ?? [];
  expect(options).toMatchObject({ data: `/var/lib/${state}`, logs: 'output' });
  const lines = unit.split('\n');
  expect(lines).toContain('KillMode=mixed');
  // Workers give back after 20 s and are ended after 24; then the storage server ends, within 6 s.
  expect(lines).toContain('TimeoutStopSec=40');
  expect(lines).toContain('RestartPreventExitStatus=2');
  expect(lines).toContain(`ExecStart=${process.execPath} /opt/spillway/bin.js serve`);
});
