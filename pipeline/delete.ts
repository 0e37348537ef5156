import { overTime } from '@spillway/core/steps.ts';
import { tombstone } from '@spillway/core/transitions.ts';
import { cancelJob } from './cancel.ts';
import { changeJob } from './change-job.ts';
import type { Ports } from './ports/ports.ts';
import { removeLeftovers } from './record.ts';

/**
 * Deletes a job's results and leaves a tombstone, so that a repeated event does not bring it back. The source goes
 * with the last of its jobs. False when there is no such job. Throws `OutageError`; safe to repeat.
 */
export async function deleteJob(id: string, ports: Ports): Promise<boolean> {
  await cancelJob(id, ports);
  const stored = await ports.jobs.get(id);
  if (!stored) return false;
  await overTime(
    changeJob(ports.jobs, id, (job) => (job.deletedAt ? null : tombstone(job, ports.clock.now()))),
  );
  await overTime(removeLeftovers(id, ports));
  const others = await ports.jobs.ofSource(stored.job.source);
  if (others.every(({ job }) => job.deletedAt !== null)) {
    const { bucket, name, generation } = stored.job.source;
    await ports.blobs.remove(bucket, name, generation);
  }
  return true;
}
