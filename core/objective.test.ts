import { expect, it } from 'vitest';
import type { Job, JobError } from './job.ts';
import { keptObjective } from './objective.ts';
import { sampleJob } from './testing/sample-job.ts';
import { cancelled, failed, superseded } from './transitions.ts';

const job = sampleJob();
const after = (ms: number) => new Date(job.deadlineAt.getTime() + ms);

it('an objective is kept by a success up to the deadline', () => {
  const succeededAt = (endedAt: Date): Job => ({ ...job, state: 'succeeded', endedAt });
  expect(keptObjective(succeededAt(after(-1)))).toBe(true);
  expect(keptObjective(succeededAt(after(0)))).toBe(true);
  expect(keptObjective(succeededAt(after(1)))).toBe(false);
});

it.each<[Pick<JobError, 'code' | 'blame'>, false | null]>([
  [{ code: 'corrupt_image' }, null],
  [{ code: 'corrupt_image', blame: 'input' }, null],
  [{ code: 'processing_timeout', blame: 'input' }, null],
  [{ code: 'processing_timeout', blame: 'place' }, false],
  [{ code: 'poison' }, false],
  // A worker calls everything the input's fault that no other attempt can mend.
  [{ code: 'model_missing', blame: 'input' }, false],
])('a failure %j gives %j', (error, kept) => {
  expect(keptObjective(failed(job, { message: '', retryable: false, ...error }, after(-1)))).toBe(kept);
});

it('what nobody wants any more says nothing of objectives', () => {
  for (const end of [cancelled, superseded]) expect(keptObjective(end(job, after(1)))).toBeNull();
  expect(keptObjective(job)).toBeNull();
});
