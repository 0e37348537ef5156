import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { isAlive } from './processes.ts';
import { PassingStartError } from './start-error.ts';
import { Supervisor } from './supervisor.ts';

const entry = new URL('./testing/fake-part.ts', import.meta.url);
const failing = new URL('./testing/failing-part.ts', import.meta.url);
const environment = { PATH: process.env.PATH ?? '' };

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
  await supervised.start({ name: 'part', entry, environment, onRestarted });
  await kill(pid());
  await expect.poll(() => said.at(-1)).toBe('part is back.');
  expect(recovering).toHaveLength(2);
  expect(said.filter((line) => line === 'part is back.')).toHaveLength(1);
  expect(isAlive(pid())).toBe(true);
  // It is watched again, too.
  await kill(pid());
  await expect.poll(() => recovering.length).toBe(3);
});

it('says of a part that keeps ending that it fails, and of others that they run', async () => {
  const { supervised } = await supervisor();
  await supervised.start({ name: 'part', entry, environment });
  await supervised.start({ name: 'ill', entry: failing, environment });
  await expect
    .poll(() => supervised.states(), { timeout: 60_000 })
    .toEqual({
      part: { kind: 'running' },
      ill: { kind: 'failing' },
    });
});

it('ends everything at once where that is asked for, and starts nothing again', async () => {
  const { supervised, pid } = await supervisor();
  await supervised.start({ name: 'part', entry, environment });
  const running = pid();
  supervised.killAll();
  await expect.poll(() => isAlive(running)).toBe(false);
  expect(pid()).toBe(running);
  await expect(supervised.start({ name: 'late', entry, environment })).rejects.toThrow('was not started');
});

it('a part that ends before it is ready is worth another try', async () => {
  const { supervised } = await supervisor();
  const missing = new URL('./testing/no-such-part.ts', import.meta.url);
  await expect(supervised.start({ name: 'part', entry: missing, environment })).rejects.toThrow(
    PassingStartError,
  );
  expect(supervised.names()).toEqual([]);
});
