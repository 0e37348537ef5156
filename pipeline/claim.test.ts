import { overTime } from '@spillway/core/steps.ts';
import { expect, it } from 'vitest';
import { claimJob } from './claim.ts';
import { workbench } from './testing/workbench.ts';

it('a claim that was written and seems refused, for its reply was lost, is known by its token', async () => {
  const bench = await workbench();
  const [job] = await bench.drop();
  const { replace } = bench.ports.jobs;
  bench.ports.jobs.replace = async (stored, next) => {
    bench.ports.jobs.replace = replace;
    await replace(stored, next);
    return null;
  };
  const claim = await overTime(claimJob(bench.take('vm'), bench.executor()));
  expect(claim).toMatchObject({ kind: 'claimed', stored: { job: { id: job?.id, attempt: 1 } } });
  expect(await bench.job(job?.id)).toMatchObject({ state: 'processing', attempt: 1 });
});
