import { createMemoryPorts } from '@spillway/pipeline/memory/ports.ts';
import { manualClock, timeOf } from '@spillway/pipeline/testing/manual-clock.ts';
import { ownControl } from '@spillway/worker/own-control.ts';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startDuty } from './duty.ts';

/** A worker with one job in its hands, which ends when `finish` is called. */
function onDuty() {
  const log = { info() {}, warn() {}, error() {} };
  const states: string[] = [];
  const pauses: boolean[] = [];
  const inProgress = Promise.withResolvers<void>();
  let givenBack = 0;
  const ports = createMemoryPorts(timeOf(manualClock()));
  const worker = {
    id: 'vm-1',
    ports,
    control: ownControl('vm-1', ports.fleet),
    selfTest: async () => ({ lack: null, why: 'still ill' }),
    setState: async (state: string, lacks: string[]) => void states.push([state, ...lacks].join(' ')),
    idle: () => inProgress.promise,
    giveBack: () => {
      givenBack++;
      inProgress.resolve();
    },
  };
  // Only what `startDuty` uses of a worker is replaced; the ports are real.
  const duty = startDuty(worker as never, { pause: (paused) => pauses.push(paused) }, 50, log);
  return { duty, states, pauses, finish: inProgress.resolve, givenBack: () => givenBack };
}

const none = { drain: false, pause: null };

describe('a VM that is drained', () => {
  it('takes nothing new, finishes what it has, and says when it is empty', async () => {
    const { duty, states, pauses, finish, givenBack } = onDuty();
    duty.onControl({ ...none, drain: true });
    expect(pauses.at(-1)).toBe(true);
    expect(states).toEqual(['draining']);
    finish();
    await expect.poll(() => states).toEqual(['draining', 'drained']);
    duty.onControl({ ...none, drain: true });
    expect(states).toEqual(['draining', 'drained']);
    expect(givenBack()).toBe(0);
    duty.stop();
  });

  it('hands over what takes too long', async () => {
    const { duty, states, givenBack } = onDuty();
    duty.onControl({ ...none, drain: true });
    await expect.poll(() => states).toEqual(['draining', 'drained']);
    expect(givenBack()).toBe(1);
    duty.stop();
  });

  it('takes work again when it is asked to', async () => {
    const { duty, states, pauses, finish } = onDuty();
    duty.onControl({ ...none, drain: true });
    duty.onControl(none);
    expect(pauses.at(-1)).toBe(false);
    finish();
    await Promise.resolve();
    expect(states).toEqual(['draining', 'ready']);
    duty.stop();
  });
});

describe('a VM that is let back in before it was empty', () => {
  it('keeps what it is working on', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const { duty, finish, givenBack } = onDuty();
    duty.onControl({ ...none, drain: true });
    duty.onControl(none);
    // A draining VM would give its jobs back by now.
    await vi.advanceTimersByTimeAsync(60_000);
    expect(givenBack()).toBe(0);
    finish();
    duty.stop();
  });
});

describe('a VM that pauses itself', () => {
  it('says so and what it lacks, takes nothing new, and is drained all the same where that is wanted', () => {
    const { duty, states, pauses } = onDuty();
    duty.guard.onLack('disk', 0);
    expect(states).toEqual(['paused disk']);
    expect(pauses.at(-1)).toBe(true);
    duty.onControl({ drain: true, pause: { why: 'x', since: new Date() } });
    expect(states).toEqual(['paused disk', 'draining disk']);
    duty.stop();
  });
});
