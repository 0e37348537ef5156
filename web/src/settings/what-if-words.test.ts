import type { WhatIfBasis, WhatIfGroup, WhatIfSide } from '@spillway/core/what-if.ts';
import { expect, it } from 'vitest';
import { basisWords, calibrationWords, rowsOf, verdictWords } from './what-if-words.ts';

const group = (changes: Partial<WhatIfGroup> = {}): WhatIfGroup => ({
  ...{ operation: 'sketch', class: 'interactive', jobs: 200, missed: 10, onRun: 20, p50Ms: 400, p95Ms: 900 },
  ...changes,
});
const side = (changes: Partial<WhatIfGroup>, runDollars: number): WhatIfSide => ({
  groups: [group(changes)],
  runDollars,
});
const today = side({}, 0.02);

it('says what other settings change, and what they do not', () => {
  expect(verdictWords({ today, proposed: side({ missed: 4 }, 0.05) })).toBe(
    'With these settings 6 jobs fewer would be late, and Cloud Run would cost $0.03 more.',
  );
  expect(verdictWords({ today, proposed: side({ missed: 11 }, 0.01) })).toBe(
    'With these settings 1 job more would be late, and Cloud Run would cost $0.01 less.',
  );
  expect(verdictWords({ today, proposed: today })).toBe(
    'With these settings as many would be late, and Cloud Run would cost the same.',
  );
});

it('says how far the simulation of today is from what was', () => {
  expect(calibrationWords({ measured: side({ missed: 8, onRun: 30 }, 0.03), today })).toBe(
    'Today’s settings in simulation: 5.0 % late (really 4.0 %), 10.0 % on Cloud Run (really 15.0 %), $0.02 there (really $0.03).',
  );
});

it('says whether all was played or a sample, on what, and what it read', () => {
  const basis: WhatIfBasis = {
    ...{ from: new Date(0), to: new Date(1), jobs: 120, played: 120, stretches: 1, reads: 121 },
    ...{ vms: 2, slots: 2, notes: [] },
  };
  expect(basisWords(basis)).toBe(
    'All 120 jobs of that time, played with the 2 VMs of 2 slots of now. 121 reads of the database.',
  );
  expect(basisWords({ ...basis, jobs: 100_000, played: 2_000, stretches: 12 })).toMatch(
    /^A sample of 2000 of 100000 jobs, from 12 stretches over that time/,
  );
});

it('puts an operation and class that only one side has into the table, too', () => {
  const proposed = { groups: [group({ class: 'bulk' })], runDollars: 0 };
  const rows = rowsOf({ measured: today, today, proposed });
  expect(
    rows.map(({ key, today: before, proposed: after }) => [key, before === null, after === null]),
  ).toEqual([
    ['interactive sketch', false, true],
    ['bulk sketch', true, false],
  ]);
});
