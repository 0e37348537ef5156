import { OutageError } from '@spillway/core/errors.ts';
import { overTime, waitFor, walkThrough } from '@spillway/core/steps.ts';
import { describe, expect, it } from 'vitest';
import { LeaseLostError, underLease, whileHeld } from './held-lease.ts';
import { createMemoryPorts } from './memory/ports.ts';
import { manualClock, timeOf } from './testing/manual-clock.ts';

const lease = { name: 'sweep', holder: 'a', ttlMs: 3_000 };

function world() {
  const clock = manualClock();
  const ports = createMemoryPorts(timeOf(clock));
  const other = () => ports.leases.acquire('sweep', 'b', lease.ttlMs);
  /** Time goes by in steps in which a renewal has its turn. */
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 500) {
      clock.advance(500);
      await Promise.resolve();
      await new Promise(setImmediate);
    }
  };
  return { clock, ports, other, pass };
}

describe('work under a lease', () => {
  it('keeps it for as long as it takes, and no longer than a period after its end', async () => {
    const { ports, other, pass } = world();
    const done = await overTime(
      underLease(lease, ports, function* (lost) {
        yield* waitFor(pass(60_000));
        expect(yield* waitFor(other())).toBe(false);
        return lost.aborted ? 'lost' : 'held';
      }),
    );
    expect(done).toBe('held');
    await pass(3_000);
    expect(await other()).toBe(true);
    expect(await overTime(underLease(lease, ports, () => waitFor('work')))).toBeNull();
  });

  it('goes through a renewal that fails, and is told when none went through in time', async () => {
    const { ports, pass } = world();
    const { acquire } = ports.leases;
    let failing = 1;
    const shaky: typeof acquire = (...call) =>
      failing-- > 0 ? Promise.reject(new OutageError('Firestore did not answer.')) : acquire(...call);
    const states: boolean[] = [];
    await overTime(
      underLease(lease, ports, function* (lost) {
        ports.leases.acquire = shaky;
        yield* waitFor(pass(3_000));
        states.push(lost.aborted);
        failing = Number.POSITIVE_INFINITY;
        yield* waitFor(pass(3_500));
        states.push(lost.aborted);
      }),
    );
    expect(states).toEqual([false, true]);
  });

  it('stops before its next item once another has the lease', async () => {
    const { ports, pass } = world();
    const { acquire } = ports.leases;
    const done: number[] = [];
    const working = overTime(
      underLease(lease, ports, function* (lost) {
        yield* whileHeld(
          walkThrough([1, 2, 3, 4]),
          lost,
        )(function* (item) {
          done.push(item);
          if (item < 2) return;
          ports.leases.acquire = async (name, _, ttlMs) => {
            await acquire(name, 'a', ttlMs);
            return false;
          };
          yield* waitFor(pass(1_500));
        });
      }),
    );
    await expect(working).rejects.toThrow(LeaseLostError);
    expect(done).toEqual([1, 2]);
  });
});
