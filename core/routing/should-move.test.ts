import { describe, expect, it } from 'vitest';
import type { Route, SidePrediction } from '../job.ts';
import { sampleJob } from '../testing/sample-job.ts';
import type { RouteChoice } from '../transitions.ts';
import { shouldMove } from './should-move.ts';

const side = (finishMs: number): SidePrediction => ({
  waitMs: finishMs - 300,
  deliveryMs: finishMs - 300,
  serviceMs: 300,
  spreadMs: 0,
  finishMs,
  dollars: 0,
  inTime: false,
});
const onRun: Route = { ...sampleJob().route, target: 'run', epoch: 1 };
const toVm = (vm: number | null, run: number | null, budgetMs = 1_000): RouteChoice => ({
  ...sampleJob().route,
  target: 'vm',
  reason: 'vm_sooner',
  predicted: {
    vm: vm === null ? null : side(vm),
    run: run === null ? null : side(run),
    runClosed: null,
    budgetMs,
  },
});

describe('a waiting job', () => {
  it('is moved when its side is gone', () => {
    expect(shouldMove(onRun, toVm(9_000, null), 0)).toBe(true);
  });

  it('is moved when it would be late and the other side is clearly sooner', () => {
    expect(shouldMove(onRun, toVm(2_000, 4_000), 0)).toBe(true);
    expect(shouldMove(onRun, toVm(3_499, 4_000), 0)).toBe(true);
    expect(shouldMove(onRun, toVm(3_500, 4_000), 0)).toBe(false);
  });

  it('stays where the delivery that it waits for, a cold start say, is nearly over', () => {
    expect(shouldMove(onRun, toVm(2_000, 4_000), 1_400)).toBe(true);
    expect(shouldMove(onRun, toVm(2_000, 4_000), 2_500)).toBe(false);
  });

  it('is not expected sooner than its service for having waited behind others', () => {
    const behindOthers = toVm(2_000, 4_000);
    const run = { ...side(4_000), deliveryMs: 250 };
    const predicted = behindOthers.predicted && { ...behindOthers.predicted, run };
    expect(shouldMove(onRun, { ...behindOthers, predicted }, 60_000)).toBe(true);
  });

  it('stays where it is in time', () => {
    expect(shouldMove(onRun, toVm(500, 4_000, 5_000), 0)).toBe(false);
  });

  it('stays where the router would send it, and where the other side cannot take it', () => {
    expect(shouldMove({ ...onRun, target: 'vm' }, toVm(2_000, 4_000), 0)).toBe(false);
    expect(shouldMove(onRun, toVm(null, 9_000), 0)).toBe(false);
    expect(shouldMove(onRun, toVm(null, null), 0)).toBe(false);
  });

  it('stays on Cloud Run, where it was sent before the limit of cost was reached', () => {
    const choice = toVm(900_000, null);
    const closed = (runClosed: 'over_budget' | 'paused') => ({
      ...choice,
      predicted: choice.predicted && { ...choice.predicted, runClosed },
    });
    expect(shouldMove(onRun, closed('over_budget'), 0)).toBe(false);
    expect(shouldMove(onRun, closed('paused'), 0)).toBe(true);
  });

  it('is not sent back and forth for ever', () => {
    expect(shouldMove({ ...onRun, epoch: 3 }, toVm(2_000, 4_000), 0)).toBe(false);
    expect(shouldMove({ ...onRun, epoch: 3 }, toVm(2_000, null), 0)).toBe(true);
  });
});
