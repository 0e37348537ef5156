import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { isAlive } from './processes.ts';
import { Supervisor } from './supervisor.ts';

const entry = new URL('./testing/fake-part.ts', import.meta.url);

async function supervisor() {
  const directory = await mkdtemp(join(tmpdir(), 'spillway-supervisor-'));
  const said: string[] = [];
  const supervised = new Supervisor(
    directory,
    (line) => said.push(line),
    () => {},
  );
  onTestFinished(async () => {
    await supervised.stopAll(supervised.names());
    await rm(directory, { recursive: true, force: true });
  });
  return { supervised, said, pid: () => supervised.pids().part ?? 0 };
}

async function kill(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  await expect.poll(() => isAlive(pid)).toBe(false);
}

it('starts a part again that dies during its recovery, and does not call it back before', async () => {
  const { supervised, said, pid } = await supervisor();
  const recovering: number[] = [];
  const onRestarted = async () => {
    recovering.push(pid());
    if (recovering.length === 1) await kill(pid());
  };
  await supervised.start({ name: 'part', entry, environment: { PATH: process.env.PATH ?? '' }, onRestarted });
  await kill(pid());
  await expect.poll(() => said.at(-1)).toBe('part is back.');
  expect(recovering).toHaveLength(2);
  expect(said.filter((line) => line === 'part is back.')).toHaveLength(1);
  expect(isAlive(pid())).toBe(true);
  // It is watched again, too.
  await kill(pid());
  await expect.poll(() => recovering.length).toBe(3);
});
