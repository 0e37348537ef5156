import { describe, expect, it } from 'vitest';
import type { Worker } from '../heartbeat.ts';
import { steadyService, steadyStats } from '../testing/learned-service.ts';
import { sampleWorker } from '../testing/sample-worker.ts';
import { initialRouterState, learnFrom, routerStateSchema } from './state.ts';

const vm = (changes: Partial<Worker> = {}) => sampleWorker({ kind: 'vm', ...changes });
const instance = (changes: Partial<Worker> = {}) => sampleWorker({ kind: 'run', ...changes });

describe('what routers learn from heartbeats', () => {
  it('is kept apart by place', () => {
    const { learned } = learnFrom(
      [
        vm({ perOperation: { sketch: steadyStats(1, 30) } }),
        vm({ perOperation: { sketch: steadyStats(3, 10) } }),
        instance({ perOperation: { sketch: steadyStats(8), caption: steadyStats(2) } }),
      ],
      initialRouterState,
    );
    expect(learned.vm).toEqual({ sketch: steadyService(1.5, 40) });
    expect(learned.run).toEqual({ sketch: steadyService(8), caption: steadyService(2) });
  });

  it('leaves out operations that this version does not know', () => {
    const { learned } = learnFrom([vm({ perOperation: { paint: steadyStats(1) } })], initialRouterState);
    expect(learned.vm).toEqual({});
  });

  it('is how long deliveries and cold starts took, too', () => {
    const state = learnFrom(
      [
        vm({ delivery: { p50: 40, p90: 80, count: 10 } }),
        instance({ delivery: { p50: 200, p90: 300, count: 3 }, coldStartMs: 2_000 }),
        instance({ delivery: { p50: 400, p90: 500, count: 1 }, coldStartMs: 4_000 }),
        instance({ coldStartMs: null }),
      ],
      initialRouterState,
    );
    expect(state.delivery).toEqual({
      vm: { p50: 40, p90: 80, count: 10 },
      run: { p50: 250, p90: 350, count: 4 },
    });
    expect(state.coldStart).toEqual({ p50: 2_000, p90: 4_000, count: 2 });
  });

  it('is I/O, which a worker of an earlier version does not tell apart', () => {
    const workers = [vm({ io: { p50: 40, p90: 80, count: 10 } }), vm(), instance()];
    expect(learnFrom(workers, initialRouterState).io).toEqual({
      vm: { p50: 40, p90: 80, count: 10 },
      run: null,
    });
  });

  it('stays what it was where no worker says anything about it', () => {
    const before = learnFrom(
      [
        vm({
          perOperation: { caption: steadyStats(2) },
          delivery: { p50: 40, p90: 80, count: 10 },
          io: { p50: 20, p90: 30, count: 10 },
        }),
        instance({ coldStartMs: 2_000 }),
      ],
      { ...initialRouterState, spentLastHour: 3 },
    );
    expect(learnFrom([vm(), instance()], before)).toEqual(before);
    expect(learnFrom([], before)).toEqual(before);
  });

  it('survives JSON', () => {
    const state = learnFrom([vm({ perOperation: { sketch: steadyStats(1) } })], initialRouterState);
    expect(routerStateSchema.parse(JSON.parse(JSON.stringify(state)))).toEqual(state);
  });
});
