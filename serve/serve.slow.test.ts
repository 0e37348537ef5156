import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { buildSiteIfChanged } from '@spillway/release/site-build.ts';
import { beforeAll, expect, test } from 'vitest';
import { drawnJpeg } from '../tests/pictures.ts';
import { Visitor } from '../tests/visitor.ts';
import { emptyFolder } from './testing/empty-folder.ts';
import { alive, type ServedMachine, serve } from './testing/served-machine.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const script = join(root, 'cli/spillway.ts');

beforeAll(async () => void (await buildSiteIfChanged(root, join(root, '.local/logs'))), 300_000);

/** A folder for data, and the command with it. */
async function machine() {
  const workdir = await emptyFolder();
  const start = (...more: string[]): Promise<ServedMachine> =>
    serve({
      command: process.execPath,
      args: [script, 'serve', '--data', 'data', '--slots', '1', ...more],
      workdir,
      environment: { ...process.env, ...slowly },
    });
  const slowly: Record<string, string> = {};
  /** Rejects with code, stdout and stderr. */
  const run = (...args: string[]) =>
    promisify(execFile)(process.execPath, [script, ...args], { cwd: workdir });
  return { workdir, start, run, slowly };
}

async function sketch(visitor: Visitor, name: string, seed: number): Promise<void> {
  await visitor.request('/');
  await visitor.upload(name, await drawnJpeg(seed));
}

const states = async (visitor: Visitor) => (await visitor.jobs()).map(({ state }) => state);

test('a visitor gets a sketch through the one port, and has it again after a restart out of a backup', async () => {
  const { start, run } = await machine();
  const first = await start();
  const visitor = new Visitor(first.url);
  await sketch(visitor, 'cat.jpg', 1);
  await expect.poll(() => states(visitor)).toEqual(['succeeded']);
  const [job] = await visitor.jobs();
  const result = await visitor.request(`/api/v1/jobs/${job?.id}/result`);
  expect(
    Buffer.from(await result.arrayBuffer())
      .subarray(1, 4)
      .toString(),
  ).toBe('PNG');

  const address = /Dashboard {2}(http\S+)/.exec(first.printed())?.[1];
  expect((await run('admin-address', '--data', 'data')).stdout.trim()).toBe(address);
  expect((await run('backup', 'backup', '--data', 'data')).stdout).toContain('all documents, and 4 objects');

  const before = await first.parts();
  expect(Object.keys(before.parts).sort()).toEqual(['router', 'site', 'storage', 'worker']);
  await expect(run('serve', '--data', 'data')).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining(`is used by another process (${before.pid})`),
  });
  first.signal('SIGTERM');
  expect(await first.ended).toBe(0);
  expect(alive(before)).toEqual([]);

  await run('restore', 'backup', '--data', 'data', '--replace');
  const second = await start();
  expect(second.printed()).not.toContain('token=');
  expect(await states(visitor.on(second.url))).toEqual(['succeeded']);
  second.signal('SIGTERM');
  expect(await second.ended).toBe(0);
});

test('parts that are killed come back, and a machine that is killed loses nothing', async () => {
  const { start } = await machine();
  const first = await start();
  const visitor = new Visitor(first.url);
  await sketch(visitor, 'one.jpg', 2);
  const before = await first.parts();
  for (const name of ['router', 'worker', 'storage']) process.kill(before.parts[name]?.pid ?? 0, 'SIGKILL');
  await expect
    .poll(async () =>
      Object.values((await first.parts()).parts).map(({ pid, state }) => pid !== null && state),
    )
    .toEqual(Array(4).fill('running'));
  await expect.poll(() => states(visitor)).toEqual(['succeeded']);
  const later = await first.parts();
  expect(later.parts.router?.pid).not.toBe(before.parts.router?.pid);

  await sketch(visitor, 'two.jpg', 3);
  first.signal('SIGKILL');
  expect(await first.ended).toBe('SIGKILL');
  // It waits for what the one before has left.
  const second = await start();
  expect(alive(later)).toEqual([]);
  await expect.poll(() => states(visitor.on(second.url))).toEqual(['succeeded', 'succeeded']);
  second.signal('SIGTERM');
  expect(await second.ended).toBe(0);
});

test('everything ends at once at the second signal, whatever is under way', async () => {
  const { start, slowly } = await machine();
  // A job takes far longer than anybody waits.
  slowly.SPILLWAY_SLEEP_MS = '50000';
  const first = await start();
  const visitor = new Visitor(first.url);
  await sketch(visitor, 'slow.jpg', 4);
  await expect.poll(() => states(visitor)).toEqual(['processing']);
  const parts = await first.parts();
  first.signal('SIGTERM');
  await expect.poll(() => first.printed()).toContain('work under way is finished or given back');
  first.signal('SIGTERM');
  expect(await first.ended).toBe(1);
  await expect.poll(() => alive(parts)).toEqual([]);
});
