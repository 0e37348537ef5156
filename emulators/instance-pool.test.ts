import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { isAlive } from '@spillway/supervisor/processes.ts';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { anyPort } from './choose-ports.ts';
import { InstancePool, type PoolOptions, type Reservation } from './instance-pool.ts';
import { type InstanceSpec, type RunInstance, startInstance } from './run-instance.ts';

const execFileAsync = promisify(execFile);
const patienceMs = 50_000;
const fake = fileURLToPath(new URL('testing/fake-instance.ts', import.meta.url));
const preload = new URL('cloud-run-localhost.ts', import.meta.url).href;

interface TestInstance {
  instance: RunInstance;
  port: number;
  folder: string;
  said: string[];
}

async function startFake(
  changes: Partial<InstanceSpec> = {},
  environment: Record<string, string> = {},
): Promise<TestInstance> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-instance-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const port = await anyPort();
  const said: string[] = [];
  const instance = startInstance(
    {
      arguments: ['--import', preload, fake],
      environment: { PATH: process.env.PATH ?? '', PORT: String(port), ...environment },
      workdir: folder,
      port,
      folder,
      freezes: false,
      memoryLimitBytes: null,
      ...changes,
    },
    (line) => said.push(line),
  );
  return { instance, port, folder, said };
}

function createPool(changes: Partial<PoolOptions> = {}): InstancePool {
  const pool = new InstancePool({
    start: () => startFake(),
    most: 2,
    concurrency: 1,
    idleMs: 60_000,
    // Only what hangs ends by it: an instance may take long to start on a busy machine.
    patienceMs,
    ...changes,
  });
  onTestFinished(() => pool.close());
  return pool;
}

/** A pool with one instance, as `startFake` starts it. */
function poolOf(changes: Partial<InstanceSpec>, environment: Record<string, string> = {}) {
  const started: TestInstance[] = [];
  const pool = createPool({
    most: 1,
    async start() {
      const one = await startFake(changes, environment);
      started.push(one);
      return one;
    },
  });
  return { pool, started };
}

async function reserve(pool: InstancePool): Promise<Reservation> {
  const reservation = await pool.reserve();
  if (!reservation) throw new Error('Refused.');
  return reservation;
}

const ask = async ({ port }: Reservation, path = '/') =>
  (await fetch(`http://127.0.0.1:${port}${path}`)).text();

/** One request from its place to its answer. */
async function request(pool: InstancePool, path: string): Promise<string> {
  const reservation = await reserve(pool);
  const answer = await fetch(`http://127.0.0.1:${reservation.port}${path}`);
  const text = await answer.text();
  reservation.release(answer.status);
  return text;
}

describe('the Cloud Run stand-in', () => {
  it('has no instance until one is needed, and uses it again', async () => {
    const pool = createPool();
    expect(pool.status()).toEqual([]);
    const first = await reserve(pool);
    const pid = await ask(first);
    first.release(200);
    expect(await ask(await reserve(pool))).toBe(pid);
    expect(pool.status()).toMatchObject([{ state: 'ready', active: 1 }]);
  });

  it('gives an instance no more requests at once than its concurrency', async () => {
    const pool = createPool({ concurrency: 2, most: 2 });
    const three = await Promise.all([reserve(pool), reserve(pool), reserve(pool)]);
    const active = pool.status().map((instance) => instance.active);
    expect(active.sort()).toEqual([1, 2]);
    expect(new Set(three.map(({ port }) => port)).size).toBe(2);
  });

  it('starts no more than its maximum, lets the next one wait for a place, and refuses it in the end', async () => {
    const pool = createPool({ most: 1 });
    const first = await reserve(pool);
    // From here on time passes by hand.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const waiting = pool.reserve();
    vi.advanceTimersByTime(patienceMs - 1);
    first.release(200);
    expect(await waiting).not.toBeNull();
    const refused = pool.reserve();
    vi.advanceTimersByTime(patienceMs);
    expect(await refused).toBeNull();
    expect(pool.status()).toHaveLength(1);
  });

  it('ends an instance that has been idle, and scales to zero', async () => {
    const pool = createPool({ idleMs: 20 });
    (await reserve(pool)).release(200);
    await expect.poll(() => pool.status()).toEqual([]);
    expect(await pool.reserve()).not.toBeNull();
  });

  it('replaces an instance that dies while others wait for one', async () => {
    const pool = createPool({ most: 1 });
    const first = await reserve(pool);
    const waiting = pool.reserve();
    process.kill(Number(await ask(first)), 'SIGKILL');
    expect(await waiting).not.toBeNull();
  });

  it('ends an instance that answers 20 times in a row with 5xx, and no sooner', async () => {
    const pool = createPool({ most: 1 });
    const first = await request(pool, '/');
    for (let times = 0; times < 19; times++) await request(pool, '/fail');
    // An answer of another kind begins the count again.
    expect(await request(pool, '/')).toBe(first);
    for (let times = 0; times < 19; times++) await request(pool, '/fail');
    expect(pool.status()).toMatchObject([{ state: 'ready' }]);
    await request(pool, '/fail');
    await expect.poll(() => isAlive(Number(first))).toBe(false);
    expect(await request(pool, '/')).not.toBe(first);
  });

  it('leaves no instance behind when closed', async () => {
    const pool = createPool();
    const pid = Number(await ask(await reserve(pool)));
    await pool.close();
    expect(isAlive(pid)).toBe(false);
    expect(await pool.reserve()).toBeNull();
  });
});

describe('an instance', () => {
  it('is called localhost', async () => {
    const { pool } = poolOf({});
    expect(await request(pool, '/host')).toBe('localhost');
  });

  it('stands still with all its processes while it has no request, and goes on with the next', async () => {
    const { pool, started } = poolOf({ freezes: true });
    const child = Number(await request(pool, '/child'));
    const pid = started[0]?.instance.pid ?? 0;
    const states = () => Promise.all([pid, child].map(stateOf));
    await expect.poll(states).toEqual(['T', 'T']);
    const reservation = await reserve(pool);
    expect(Number(await ask(reservation, '/ticks'))).toBeGreaterThan(0);
    await expect.poll(async () => (await states()).includes('T')).toBe(false);
    reservation.release(200);
    await expect.poll(states).toEqual(['T', 'T']);
    // Its end gives it time again, and takes its children along.
    await pool.close();
    await expect.poll(() => [pid, child].some(isAlive)).toBe(false);
  });

  it('that does not end when it is asked to is killed', async () => {
    const { instance } = await startFake({}, { FAKE_STUBBORN: 'true' });
    await instance.ready;
    await instance.end(20);
    expect(isAlive(instance.pid ?? 0)).toBe(false);
  });

  it('that takes more memory than it has is killed, and its files count', async () => {
    const { instance, folder, said } = await startFake({ memoryLimitBytes: 300 * 1_024 * 1_024 });
    await instance.ready;
    expect(said).toEqual([]);
    await writeFile(join(folder, 'large'), Buffer.alloc(310 * 1_024 * 1_024));
    await instance.ended;
    expect(said).toEqual([expect.stringMatching(/^Memory limit of 300 MiB exceeded with \d+ MiB used/)]);
  });

  it('ends with the stand-in that started it, also while it stands still', async () => {
    const port = await anyPort();
    const spec = { arguments: [fake], port, folder: tmpdir(), freezes: true, memoryLimitBytes: null };
    const environment = { PATH: process.env.PATH, PORT: String(port) };
    const script = `
      import { startInstance } from ${JSON.stringify(new URL('run-instance.ts', import.meta.url).href)};
      const instance = startInstance(${JSON.stringify({ ...spec, environment })}, () => {});
      await instance.ready;
      instance.freeze();
      console.log(instance.pid);`;
    const standIn = spawn(process.execPath, ['--input-type=module', '--eval', script]);
    const [line] = await once(standIn.stdout, 'data');
    const pid = Number(String(line));
    await expect.poll(() => stateOf(pid)).toBe('T');
    standIn.kill('SIGKILL');
    await expect.poll(() => isAlive(pid)).toBe(false);
  });

  it('that never gets ready says so', async () => {
    const { instance } = await startFake({ arguments: ['--eval', 'process.exit(1)'] });
    await expect(instance.ready).rejects.toThrow('It ended before it was ready.');
  });
});

/** The first letter of a process's state: `T` where it was stopped. */
async function stateOf(pid: number): Promise<string> {
  const { stdout } = await execFileAsync('ps', ['-o', 'stat=', '-p', String(pid)]);
  return stdout.trim().slice(0, 1);
}

describe('instances that are kept', () => {
  const states = (pool: InstancePool) => pool.status().map(({ state }) => state);

  it('start without a request, and stay when they have nothing to do', async () => {
    const pool = createPool({ most: 3, idleMs: 1 });
    await pool.keep(2);
    expect(states(pool)).toEqual(['ready', 'ready']);
    const requests = await Promise.all([reserve(pool), reserve(pool), reserve(pool)]);
    for (const request of requests) request.release(200);
    // The third, which has nothing to do for as long as the others, is ended.
    await vi.waitFor(() => expect(states(pool)).toEqual(['ready', 'ready']), patienceMs);
    await pool.keep(1);
    await vi.waitFor(() => expect(pool.status()).toHaveLength(1), patienceMs);
    await pool.keep(0);
    await vi.waitFor(() => expect(pool.status()).toEqual([]), patienceMs);
  });

  it('are no more than the most', async () => {
    const pool = createPool({ most: 1 });
    await pool.keep(5);
    expect(states(pool)).toEqual(['ready']);
  });

  it('are replaced when they die', async () => {
    const pool = createPool();
    await pool.keep(1);
    const [{ pid } = { pid: undefined }] = pool.status();
    if (pid === undefined) throw new Error('It has no process.');
    process.kill(pid, 'SIGKILL');
    await vi.waitFor(() => {
      const [one] = pool.status();
      expect(one).toMatchObject({ state: 'ready' });
      expect(one?.pid).not.toBe(pid);
    }, patienceMs);
  });

  it('are waited for no longer once another number is wanted, or when the pool ends', async () => {
    const pool = createPool({ start: () => new Promise(() => {}) });
    const first = pool.keep(2);
    const second = pool.keep(1);
    await first;
    await pool.close();
    await second;
  });
});
