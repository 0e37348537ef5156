import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dataFolders } from '@spillway/emulators/stack.ts';
import type { Engine, StackFile } from '@spillway/pipeline/stack-file.ts';
import { isAlive } from '@spillway/supervisor/processes.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { drawnJpeg } from '../pictures.ts';
import { clientOf } from '../stack-client.ts';
import { Launcher } from './launcher.ts';

async function expectNothingLeft(pids: number[]): Promise<void> {
  expect(pids.length).toBeGreaterThan(3);
  await expect.poll(() => pids.filter(isAlive), { timeout: 90_000 }).toEqual([]);
}

/** How many jobs of objects in the folder have succeeded. */
export async function succeededIn(stack: StackFile, folder: string): Promise<number> {
  const client = clientOf(stack);
  const jobs = await client.jobsUnder(`${folder}/`);
  await client.close();
  return jobs.filter(({ state }) => state === 'succeeded').length;
}

/** Resolves when all uploads were answered. */
async function dropMany(stack: StackFile, folder: string, count: number): Promise<void> {
  const picture = await drawnJpeg(2, 1_600, 1_200);
  const { drop } = clientOf(stack);
  await Promise.all(Array.from({ length: count }, (_, index) => drop(`${folder}/${index}.jpg`, picture)));
}

/** A launcher with a folder of its own for the tests of a file. */
export function ownLauncher(): () => Launcher {
  let launcher: Launcher;
  beforeAll(async () => {
    launcher = await Launcher.create();
  });
  afterAll(() => launcher.remove());
  return () => launcher;
}

/**
 * The life of `npm start` on an engine, from its first start until it is killed.
 * @returns The folder of the bucket with the objects that were there when it was killed, and how many they are.
 */
export function testLife(engine: Engine, own: () => Launcher): { folder: string; count: number } {
  const busy = { folder: 'sketch/busy', count: 12 };
  const start = (...args: string[]) => own().start(['--engine', engine, '--vms', '1', ...args]);

  it('forgets all with --reset, keeps finished work without, and leaves nothing when it is ended or killed', async () => {
    const launcher = own();
    const data = join(launcher.directory, dataFolders[engine]);
    const old = join(data, 'of an earlier stack');
    await mkdir(data, { recursive: true });
    await writeFile(old, 'It goes with --reset.');
    const first = await start('--reset');
    expect(first.engine).toBe(engine);
    expect(existsSync(old)).toBe(false);
    await clientOf(first).drop('sketch/kept/disc.jpg', await drawnJpeg(1));
    await expect.poll(() => succeededIn(first, 'sketch/kept')).toBe(1);
    const processes = launcher.processes();
    await launcher.end('SIGINT');
    await expectNothingLeft(processes);

    const second = await start();
    expect(await succeededIn(second, 'sketch/kept')).toBe(1);
    const [results] = await clientOf(second).storage.bucket(second.buckets.results).getFiles();
    expect(results).toHaveLength(2);
    // Killed in the middle of work, whose calls then find nobody to answer.
    await dropMany(second, busy.folder, busy.count);
    const left = launcher.processes();
    await launcher.end('SIGKILL');
    await expectNothingLeft(left);
  });
  return busy;
}
