import { expect, it } from 'vitest';
import { earlierDecisions, expectedAndActual } from './expected-and-actual.ts';
import { later, sampleJob } from './testing/sample-job.ts';
import * as transitions from './transitions.ts';

const side = { waitMs: 400, deliveryMs: 40, serviceMs: 900, ioMs: 100, spreadMs: 50, finishMs: 1_500 };
const predicted = {
  vm: { ...side, dollars: 0, inTime: true },
  run: null,
  runClosed: null,
  budgetMs: 2_000,
};
const timings = {
  waitMs: 700,
  downloadMs: 60,
  slotWaitMs: 40,
  processMs: 1_000,
  storeMs: 70,
  totalMs: 1_900,
};

function decidedAt(ms: number) {
  const job = sampleJob();
  return { ...job, route: { ...job.route, target: 'vm' as const, predicted, at: later(ms) } };
}

it('has parts that add up to the finish, expected and actual', () => {
  const job = { ...decidedAt(100), timings, endedAt: later(1_900) };
  const { parts, finish } = expectedAndActual(job) ?? {};
  expect(parts).toEqual([
    { part: 'wait', expectedMs: 400, actualMs: 640 },
    { part: 'service', expectedMs: 900, actualMs: 1_000 },
    { part: 'io', expectedMs: 100, actualMs: 130 },
    { part: 'margin', expectedMs: 100, actualMs: null },
    { part: 'rest', expectedMs: null, actualMs: 30 },
  ]);
  expect(finish).toEqual({ expectedMs: 1_500, actualMs: 1_800 });
  const sum = (of: 'expectedMs' | 'actualMs') => parts?.reduce((total, each) => total + (each[of] ?? 0), 0);
  expect([sum('expectedMs'), sum('actualMs')]).toEqual([1_500, 1_800]);
});

it('knows of a job without timings when it ended, and of an open one what was expected', () => {
  const failed = expectedAndActual({ ...decidedAt(100), endedAt: later(900) });
  expect(failed?.finish.actualMs).toBe(800);
  expect(failed?.parts.every(({ actualMs }) => actualMs === null)).toBe(true);
  expect(expectedAndActual(decidedAt(100))?.finish).toEqual({ expectedMs: 1_500, actualMs: null });
  expect(expectedAndActual(sampleJob())).toBeNull();
});

it('lists the decisions that moves replaced', () => {
  const { epoch: _, at: __, movedFrom: ___, decideBy: ____, ...choice } = decidedAt(0).route;
  const first = transitions.moved({ ...sampleJob(), history: [] }, choice, later(1));
  const second = transitions.moved(first, { ...choice, target: 'run' }, later(2));
  expect(earlierDecisions(second.history)).toMatchObject([{ target: 'vm', at: later(1) }]);
  expect(earlierDecisions([])).toEqual([]);
});
