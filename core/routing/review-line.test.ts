import { describe, expect, it } from 'vitest';
import type { Target } from '../job.ts';
import { routingSettingsSchema } from '../settings.ts';
import { steadyService } from '../testing/learned-service.ts';
import { later, noon, sampleJob } from '../testing/sample-job.ts';
import { sampleWorker } from '../testing/sample-worker.ts';
import type { Conditions } from './decide-route.ts';
import { reviewLines, type Waiting } from './review-line.ts';
import { initialRouterState } from './state.ts';

const exactly = (ms: number) => ({ p50: ms, p90: ms, count: 20 });
const nothing = { vm: { jobs: 0, workMs: 0 }, run: { jobs: 0, workMs: 0 } };
const vm = sampleWorker({ slots: 1 });
/** Ten warm instances. */
const warm = sampleWorker({ id: 'run-1', kind: 'run', slots: 10 });

/** Captions take 2,530 ms; predictions have no spread, so that the figures below can be added up by hand. */
function conditions(changes: Partial<Conditions> = {}): Conditions {
  const learned = { sketch: steadyService(1), caption: steadyService(1) };
  return {
    now: noon,
    workers: [vm, warm],
    state: {
      ...initialRouterState,
      learned: { vm: learned, run: learned },
      delivery: { vm: exactly(100), run: exactly(250) },
    },
    settings: routingSettingsSchema.parse({ confidence: 0 }),
    ...changes,
  };
}

/** A job that waits since noon for a side, due so many milliseconds later. */
function waiting(id: string, target: Target, dueMs: number, changes: Partial<Waiting> = {}): Waiting {
  const { route } = sampleJob();
  const caption = { operation: 'caption', pixels: 1e6 } as const;
  const due = { deadlineAt: later(dueMs), turnAt: later(dueMs) };
  const decided = { ...route, target, reason: 'vm_in_time', workMs: 2_530, epoch: 0 } as const;
  return { id, ...caption, ...due, route: decided, waitedMs: 0, ...changes };
}

function moves(lines: { vm?: Waiting[]; run?: Waiting[] }, changes: Partial<Conditions> = {}) {
  const { vm: onVm = [], run = [] } = lines;
  const made = reviewLines({ vm: onVm, run, running: nothing }, conditions(changes));
  return made.map(({ job, choice }) => `${job.id} to ${choice.target}`);
}

describe('two lines', () => {
  it('stay as they are while all are in time', () => {
    const onVm = [waiting('a', 'vm', 3_000), waiting('b', 'vm', 6_000)];
    expect(moves({ vm: onVm, run: [waiting('c', 'run', 4_000)] })).toEqual([]);
  });

  it('lose from the VMs what would be late there, and no more than has to go', () => {
    // The first ends after 2.6 s, the second after 5.2 s, the third, once the second is gone, after 5.2 s too.
    const onVm = [waiting('a', 'vm', 4_000), waiting('b', 'vm', 4_001), waiting('c', 'vm', 6_000)];
    expect(moves({ vm: onVm })).toEqual(['b to run']);
  });

  it('send to Cloud Run no more than it can do sooner', () => {
    const onVm = Array.from({ length: 6 }, (_, index) => waiting(String(index), 'vm', 2_000));
    const settings = routingSettingsSchema.parse({ confidence: 0, run: { maxInstances: 1 } });
    // All are late. Each that goes makes it later there for the next, as each that stays does here: they alternate.
    expect(moves({ vm: onVm }, { settings })).toEqual(['1 to run', '3 to run', '5 to run']);
  });

  it('count what was on Cloud Run before', () => {
    const settings = routingSettingsSchema.parse({ confidence: 0, run: { maxInstances: 1 } });
    const onVm = [waiting('a', 'vm', 3_000), waiting('b', 'vm', 3_001)];
    expect(moves({ vm: onVm }, { settings })).toEqual(['b to run']);
    const onRun = [1, 2, 3].map((id) => waiting(String(id), 'run', 60_000));
    expect(moves({ vm: onVm, run: onRun }, { settings })).toEqual([]);
  });

  it('empty themselves towards the side that is left', () => {
    const onVm = [waiting('a', 'vm', 20_000), waiting('b', 'vm', 30_000)];
    expect(moves({ vm: onVm }, { workers: [warm] })).toEqual(['a to run', 'b to run']);
    const { state } = conditions();
    const paused = { ...state, breaker: { ...state.breaker, state: 'paused' as const } };
    const onRun = [waiting('c', 'run', 20_000), waiting('d', 'run', 30_000)];
    expect(moves({ run: onRun }, { state: paused })).toEqual(['c to vm', 'd to vm']);
    expect(moves({ vm: onVm, run: onRun }, { workers: [], state: paused })).toEqual([]);
  });

  it('take back to the VMs what Cloud Run would do too late, each where its turn is', () => {
    const cold = { workers: [vm] };
    const settings = routingSettingsSchema.parse({ confidence: 0, run: { coldStartMs: 20_000 } });
    const late = waiting('late', 'run', 4_000);
    expect(moves({ run: [late] }, { ...cold, settings })).toEqual(['late to vm']);
    // Its turn comes before those that wait there with later ones.
    const patient = Array.from({ length: 12 }, (_, index) => waiting(`x${index}`, 'vm', 90_000));
    expect(moves({ vm: patient, run: [late] }, { ...cold, settings })).toEqual(['late to vm']);
    // And after those with earlier ones, and after what was taken back before it.
    const many = Array.from({ length: 12 }, (_, index) => waiting(String(index), 'run', 4_000));
    expect(moves({ run: many }, { ...cold, settings }).length).toBe(8);
  });

  it('leave alone what was moved too often, while its side lives', () => {
    const first = waiting('first', 'vm', 3_000);
    const next = waiting('next', 'vm', 3_001);
    const moved = { ...next, route: { ...next.route, epoch: 3 } };
    expect(moves({ vm: [first, next] })).toEqual(['next to run']);
    expect(moves({ vm: [first, moved] })).toEqual([]);
    expect(moves({ vm: [first, moved] }, { workers: [warm] })).toEqual(['first to run', 'next to run']);
  });
});
