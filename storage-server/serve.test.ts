import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';
import { conformanceSection } from './conformance.ts';
import { clientOf } from './test-server.ts';

const servePath = fileURLToPath(new URL('./serve.ts', import.meta.url));

interface Ready {
  ready: true;
  url: string;
  port: number;
  pid: number;
}

async function start(dataDir: string): Promise<{ child: ChildProcess; ready: Ready }> {
  const child = spawn(process.execPath, [servePath], {
    env: { ...process.env, SPILLWAY_STORAGE_PORT: '0', SPILLWAY_STORAGE_DIR: dataDir },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  if (!child.stdout) throw new Error('The child has no output.');
  const [line] = await once(createInterface(child.stdout), 'line');
  return { child, ready: JSON.parse(line) };
}

async function dataFolder(): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'storage-serve-'));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  return dataDir;
}

/** The exit code of a process that is told to end, by what it does itself: nobody kills it. */
async function exitCodeAfter(child: ChildProcess, end: () => void): Promise<number> {
  const exit = once(child, 'exit');
  end();
  const [code] = await exit;
  return code;
}

conformanceSection('As a process', (check) => {
  check('one line when ready; SIGTERM and SIGINT end it, with a request under way', 'fetch', async () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const dataDir = await dataFolder();
      const { child, ready } = await start(dataDir);
      expect(ready).toEqual({
        ready: true,
        url: `http://127.0.0.1:${ready.port}`,
        port: ready.port,
        pid: child.pid,
      });
      await clientOf(ready).createBucket('test-bucket');
      const url = `${ready.url}/upload/storage/v1/b/test-bucket/o?uploadType=media&name=a`;
      const stalled = request(url, { method: 'POST' });
      const cut = new Promise((resolve) => stalled.once('error', resolve));
      stalled.write('some bytes');
      await expect.poll(() => readdir(join(dataDir, 'incoming'))).toHaveLength(1);
      // The request never ends by itself.
      expect(await exitCodeAfter(child, () => child.kill(signal))).toBe(0);
      await cut;
    }
  });

  check('ends when its parent is gone', 'IPC channel', async () => {
    const { child } = await start(await dataFolder());
    expect(await exitCodeAfter(child, () => child.disconnect())).toBe(0);
  });

  check('SIGKILL between two requests loses nothing', 'client', async () => {
    const dataDir = await dataFolder();
    const first = await start(dataDir);
    const bucket = clientOf(first.ready).bucket('test-bucket');
    await bucket.create();
    await bucket.file('a').save('one');
    await bucket.file('a').save('two');
    const killed = once(first.child, 'exit');
    first.child.kill('SIGKILL');
    await killed;
    const second = await start(dataDir);
    const again = clientOf(second.ready).bucket('test-bucket');
    expect(String((await again.file('a').download())[0])).toBe('two');
  });
});
