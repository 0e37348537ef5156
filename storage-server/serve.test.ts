import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { openDatabase } from '@spillway/pipeline/embedded/database.ts';
import { createMessages } from '@spillway/pipeline/embedded/messages.ts';
import { subscriptions } from '@spillway/pipeline/embedded/subscriptions.ts';
import { eventRequest } from '@spillway/pipeline/embedded/upload-events.ts';
import { readStorageEvent } from '@spillway/pipeline/gcp/storage-event.ts';
import { topicNames } from '@spillway/pipeline/topics.ts';
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

async function start(
  dataDir: string,
  environment: Record<string, string> = {},
): Promise<{ child: ChildProcess; ready: Ready }> {
  const child = spawn(process.execPath, [servePath], {
    env: { ...process.env, SPILLWAY_STORAGE_PORT: '0', SPILLWAY_STORAGE_DIR: dataDir, ...environment },
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
      // More than is held in memory.
      stalled.write(Buffer.alloc(300 * 1024));
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

  check('tells the queues in a database of uploads', 'client', async () => {
    const dataDir = await dataFolder();
    const file = join(dataDir, 'spillway.db');
    const engine = { SPILLWAY_ENGINE: 'embedded', SPILLWAY_DATABASE: file };
    const { ready } = await start(dataDir, engine);
    const bucket = clientOf(ready).bucket('test-bucket');
    await bucket.create();
    for (const topic of ['nobody-hears-this', topicNames.uploads]) await bucket.createNotification(topic);
    await bucket.file('sketch/ü.png').save('x', { resumable: false });
    const database = await openDatabase(file);
    onTestFinished(() => database.close());
    const messages = createMessages(database);
    await expect.poll(() => messages.firstDueAt(subscriptions.uploads)).not.toBeNull();
    const taken = await messages.take(subscriptions.uploads, 2);
    expect(taken.map(eventRequest).map(readStorageEvent)).toMatchObject([
      { kind: 'finalized', object: { bucket: 'test-bucket', name: 'sketch/ü.png', size: 1 } },
    ]);
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
