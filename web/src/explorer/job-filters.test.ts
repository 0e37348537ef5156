import { expect, it } from 'vitest';
import { sampleJob } from '../jobs/sample-job.ts';
import { type JobFilters, noFilters, passes } from './job-filters.ts';

it.each<[Partial<JobFilters>, boolean]>([
  [{}, true],
  [{ target: 'vm' }, true],
  [{ target: 'run' }, false],
  [{ state: 'open' }, false],
  [{ state: 'ended-badly' }, true],
  [{ operation: 'sketch' }, true],
  [{ operation: 'caption' }, false],
])('filters by state, operation and side: %o', (filters, expected) => {
  expect(passes(sampleJob({ state: 'cancelled' }), { ...noFilters, ...filters })).toBe(expected);
});
