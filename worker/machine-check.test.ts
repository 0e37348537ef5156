import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MachineError } from '@spillway/core/errors.ts';
import { describe, expect, it, onTestFinished } from 'vitest';
import { checkMachine } from './machine-check.ts';
import { workDirOf } from './work-dir.ts';

const hasPrlimit = spawnSync('prlimit', ['--version']).status === 0;
const startable = { tryStart: async () => {} };

async function temporary(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-machine-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Sets a soft limit of this process until the test is over. */
function limit(what: 'fsize' | 'nofile', value: number): void {
  const before = execFileSync('prlimit', [
    `--${what}`,
    '--noheadings',
    '--output',
    'SOFT',
    '--pid',
    `${process.pid}`,
  ]);
  const set = (soft: string) => execFileSync('prlimit', [`--${what}=${soft}:`, '--pid', `${process.pid}`]);
  onTestFinished(() => void set(String(before).trim()));
  set(String(value));
}

describe('a machine', () => {
  it('that has all it needs passes, makes the folder where it is gone, and has nothing left in it', async () => {
    const workDir = join(await temporary(), 'gone');
    await checkMachine(workDir, 20_000_000, startable);
    expect(await readdir(workDir)).toEqual([]);
  });

  it('without a place to write to does not', async () => {
    await expect(checkMachine('/dev/null/nowhere', 0, startable)).rejects.toMatchObject({
      name: 'MachineError',
      lack: 'writable_disk',
    });
  });

  it('that starts no child does not', async () => {
    const tryStart = () => Promise.reject(new MachineError('processes', 'No child process can be started.'));
    await expect(checkMachine(await temporary(), 0, { tryStart })).rejects.toMatchObject({
      lack: 'processes',
    });
  });

  // Limits stand in for a disk that is full and for handles that are used up: no right to mount anything is needed.
  it.skipIf(!hasPrlimit)(
    'whose disk has less room than is wanted of it does not (needs prlimit)',
    async () => {
      const workDir = await temporary();
      limit('fsize', 16 * 1024 * 1024);
      await checkMachine(workDir, 4_000_000, startable);
      await expect(checkMachine(workDir, 10_000_000, startable)).rejects.toMatchObject({ lack: 'disk' });
      expect(await readdir(workDir)).toEqual([]);
    },
  );

  it.skipIf(!hasPrlimit)('that can open no more files does not (needs prlimit)', async () => {
    const workDir = await temporary();
    // Enough to lift the limit again, and fewer than jobs take.
    limit('nofile', (await readdir('/proc/self/fd')).length + 20);
    await expect(checkMachine(workDir, 0, startable)).rejects.toMatchObject({ lack: 'file_handles' });
  });
});

describe('a worker’s folder', () => {
  it('is emptied of what an earlier worker left, and goes with the worker', async () => {
    const parent = await temporary();
    const folder = workDirOf(parent, 'vm-1');
    await folder.prepare();
    await writeFile(join(folder.path, 'left'), '');
    await folder.prepare();
    expect(await readdir(folder.path)).toEqual([]);
    await folder.remove();
    expect(await readdir(parent)).toEqual([]);
  });

  it('takes the folder around it along where it has made that, and no other worker is in it', async () => {
    const around = await temporary();
    const shared = join(around, 'spillway');
    const [first, second] = [workDirOf(shared, 'run-1'), workDirOf(shared, 'run-2')];
    await first.prepare();
    await second.prepare();
    await first.remove();
    expect(await readdir(shared)).toEqual(['run-2']);
    await second.remove();
    const last = workDirOf(join(around, 'other'), 'run-3');
    await last.prepare();
    await last.remove();
    expect(await readdir(around)).toEqual(['spillway']);
  });

  it('that cannot be removed is no reason to fail', async () => {
    await expect(workDirOf('/dev/null', 'vm-1').remove()).resolves.toBeUndefined();
  });
});
