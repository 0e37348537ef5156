import { sampleJob as reservedJob } from '@spillway/core/testing/sample-job.ts';
import { type JobView, jobViewSchema } from '@spillway/web/api/schema.ts';

/** A job as the API sends it, for tests: queued on the VMs unless told otherwise. */
export function sampleJob(changes: Partial<JobView> = {}): JobView {
  const reserved = reservedJob({ id: 'job-1', options: {} });
  const route = { ...reserved.route, reason: 'vm_in_time', explanation: 'In time.' };
  return { ...jobViewSchema.parse({ ...reserved, route }), ...changes };
}
