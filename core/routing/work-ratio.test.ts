import { describe, expect, it } from 'vitest';
import { defaultRoutingSettings } from '../settings.ts';
import { steadyService } from '../testing/learned-service.ts';
import { sampleLedger, sampleQuestion } from '../testing/sample-question.ts';
import { sampleWorker } from '../testing/sample-worker.ts';
import { predictBothSides } from './predict.ts';
import { priorServiceMs } from './service-times.ts';
import { initialRouterState } from './state.ts';
import { type WaitingWork, workRatioOf } from './work-ratio.ts';

const prior = priorServiceMs('sketch', 1e6);
const line = (count: number, workMs = prior): WaitingWork[] =>
  Array.from({ length: count }, () => ({ operation: 'sketch', pixels: 1e6, workMs }));

function knowing(ratio: number) {
  const sketch = steadyService(ratio);
  return {
    workers: [sampleWorker()],
    settings: defaultRoutingSettings,
    state: { ...initialRouterState, learned: { vm: { sketch }, run: { sketch } } },
  };
}

describe('the correction of work that waits', () => {
  it('is what it takes by what is known now, in proportion to what was expected', () => {
    expect(workRatioOf(line(10), 'vm', knowing(3))).toBeCloseTo(3);
    expect(workRatioOf(line(10), 'run', knowing(0.5))).toBeCloseTo(0.5);
    expect(workRatioOf([...line(10), ...line(10, 3 * prior)], 'vm', knowing(3))).toBeCloseTo(1.5);
  });

  it('is none where the difference is small, where few wait, and where nothing waits', () => {
    expect(workRatioOf(line(10), 'vm', knowing(1.08))).toBe(1);
    expect(workRatioOf(line(4), 'vm', knowing(3))).toBe(1);
    expect(workRatioOf([], 'run', knowing(3))).toBe(1);
  });

  it('is bounded', () => {
    expect(workRatioOf(line(10), 'vm', knowing(80))).toBe(5);
    expect(workRatioOf(line(10), 'vm', knowing(0.01))).toBe(0.2);
    expect(workRatioOf(line(10, 0), 'vm', knowing(1))).toBe(5);
  });

  it('corrects the wait that is predicted behind it, and not the job itself', () => {
    const ledger = sampleLedger({ ahead: [100, 30_000], run: [100, 30_000] });
    const ofRatio = (ratio: number) => {
      const state = { ...initialRouterState, workRatio: { vm: ratio, run: ratio } };
      return predictBothSides(sampleQuestion({ ledger, state }));
    };
    const [before, after] = [ofRatio(1), ofRatio(2)];
    const behind = ({ vm }: typeof before) => (vm?.waitMs ?? 0) - (vm?.deliveryMs ?? 0);
    expect(behind(after)).toBeCloseTo(2 * behind(before));
    expect(after.run?.waitMs).toBeGreaterThan(before.run?.waitMs ?? 0);
    expect(after.vm?.serviceMs).toBe(before.vm?.serviceMs);
  });
});
