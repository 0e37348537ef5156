import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { InstancePool, type PoolOptions, type Reservation } from './instance-pool.ts';

const patienceMs = 50_000;

function createPool(changes: Partial<PoolOptions> = {}): InstancePool {
  const pool = new InstancePool({
    entry: new URL('testing/fake-instance.ts', import.meta.url),
    environment: process.env,
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

async function reserve(pool: InstancePool): Promise<Reservation> {
  const reservation = await pool.reserve();
  if (!reservation) throw new Error('Refused.');
  return reservation;
}

const pidBehind = async ({ port }: Reservation) => (await fetch(`http://127.0.0.1:${port}/`)).text();

describe('the Cloud Run stand-in', () => {
  it('has no instance until one is needed, and uses it again', async () => {
    const pool = createPool();
    expect(pool.status()).toEqual([]);
    const first = await reserve(pool);
    const pid = await pidBehind(first);
    first.release();
    expect(await pidBehind(await reserve(pool))).toBe(pid);
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
    first.release();
    expect(await waiting).not.toBeNull();
    const refused = pool.reserve();
    vi.advanceTimersByTime(patienceMs);
    expect(await refused).toBeNull();
    expect(pool.status()).toHaveLength(1);
  });

  it('ends an instance that has been idle, and scales to zero', async () => {
    const pool = createPool({ idleMs: 20 });
    (await reserve(pool)).release();
    await expect.poll(() => pool.status()).toEqual([]);
    expect(await pool.reserve()).not.toBeNull();
  });

  it('replaces an instance that dies while others wait for one', async () => {
    const pool = createPool({ most: 1 });
    const first = await reserve(pool);
    const waiting = pool.reserve();
    process.kill(Number(await pidBehind(first)), 'SIGKILL');
    expect(await waiting).not.toBeNull();
  });

  it('leaves no instance behind when closed', async () => {
    const pool = createPool();
    const pid = Number(await pidBehind(await reserve(pool)));
    await pool.close();
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(await pool.reserve()).toBeNull();
  });
});
