import { isTerminal, type Job } from '@spillway/core/job.ts';
import { overTime } from '@spillway/core/steps.ts';
import { cancelled } from '@spillway/core/transitions.ts';
import { followEnd } from './after-end.ts';
import { changeJob } from './change-job.ts';
import type { Ports } from './ports/ports.ts';

export type Cancelled = { kind: 'cancelled'; job: Job } | { kind: 'refused'; why: 'unknown' | 'ended' };

/** Ends a job that has not ended. A worker that is at it finds its claim gone and stops. Throws `OutageError`. */
export async function cancelJob(id: string, ports: Ports): Promise<Cancelled> {
  const stored = await overTime(
    changeJob(ports.jobs, id, (job) =>
      isTerminal(job.state) ? null : cancelled({ ...job, claim: null }, ports.clock.now()),
    ),
  );
  if (!stored) return { kind: 'refused', why: (await ports.jobs.get(id)) ? 'ended' : 'unknown' };
  await overTime(followEnd(stored, ports));
  return { kind: 'cancelled', job: stored.job };
}
