import { expect, it } from 'vitest';
import type { Job } from '../job.ts';
import { later, sampleJob } from '../testing/sample-job.ts';
import { sampleQuestion } from '../testing/sample-question.ts';
import { calibrationOf } from './calibration.ts';
import { decideRoute } from './policy.ts';

/** A job that was expected to take a mean of a second with a spread of a second, and really took `tookMs`. */
function ended(changes: { budgetMs: number; tookMs: number; jobClass?: Job['class'] }): Job {
  const { budgetMs, tookMs, jobClass = 'interactive' } = changes;
  const job = sampleJob();
  const choice = decideRoute(sampleQuestion());
  const side = choice.predicted?.vm;
  if (!side) throw new Error('no prediction');
  const vm = {
    ...side,
    ...{ waitMs: 500, serviceMs: 400, ioMs: 100, spreadMs: 1_000, finishMs: 2_650 },
    inTime: 2_650 <= budgetMs,
  };
  const predicted = { vm, run: null, runClosed: null, budgetMs };
  return {
    ...job,
    class: jobClass,
    state: 'succeeded',
    deadlineAt: later(budgetMs),
    endedAt: later(tookMs),
    route: { ...job.route, ...choice, target: 'vm', predicted },
  };
}

it('holds predicted chances against what became of the jobs', () => {
  const even = [900, 1_100].map((tookMs) => ended({ budgetMs: 1_000, tookMs }));
  const sure = Array.from({ length: 20 }, (_, index) => ended({ budgetMs: 2_650, tookMs: 200 * index }));
  const { classes, leftOut } = calibrationOf([...even, ...sure]);
  expect(leftOut).toBe(0);
  expect(classes).toMatchObject([
    {
      class: 'interactive',
      jobs: 22,
      saidInTime: { jobs: 20, kept: 14 },
      saidLate: { jobs: 2, kept: 1 },
      bands: [
        { from: 0.5, to: 0.8, jobs: 2, kept: 1 },
        { from: 0.95, to: 0.99, jobs: 20, kept: 14 },
      ],
    },
  ]);
  const [half, nearlySure] = classes[0]?.bands ?? [];
  expect(half?.expected).toBeCloseTo(0.5, 6);
  // The normal distribution's share within 1.65 standard deviations.
  expect(nearlySure?.expected).toBeCloseTo(0.950_529, 6);
  // Wilson's interval of 14 of 20.
  expect(nearlySure?.low).toBeCloseTo(0.481, 3);
  expect(nearlySure?.high).toBeCloseTo(0.8545, 3);
});

it('keeps bulk work apart, and leaves out what says nothing', () => {
  const open = { ...ended({ budgetMs: 1_000, tookMs: 10 }), state: 'processing' as const };
  const bulk = ended({ budgetMs: 600_000, tookMs: 1_000, jobClass: 'bulk' });
  const unpredicted = { ...bulk, route: { ...bulk.route, predicted: null } };
  const { classes, leftOut } = calibrationOf([open, bulk, unpredicted]);
  expect(classes.map((each) => [each.class, each.jobs])).toEqual([['bulk', 1]]);
  expect(classes[0]?.bands).toMatchObject([{ from: 0.99, to: 1, jobs: 1, kept: 1 }]);
  expect(leftOut).toBe(2);
  expect(calibrationOf([])).toEqual({ classes: [], leftOut: 0 });
});
