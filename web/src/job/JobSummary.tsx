import type { JobView } from '@spillway/web/api/schema.ts';
import { OperationName } from '../components/OperationName.tsx';
import { isRouted } from '../jobs/job-order.ts';
import { stateLabel, targetLabel } from '../jobs/words.ts';

/** State, target and operation of a job, in one line. */
export function JobSummary({ job }: { job: JobView }) {
  return (
    <p class="job-summary">
      <span class={`state ${job.state}`}>{stateLabel(job)}</span>
      {isRouted(job) && <span class={`side ${job.route.target}`}>{targetLabel(job.route.target)}</span>}
      <OperationName operation={job.operation} />
      {job.class === 'bulk' && <span class="chip">large batch</span>}
      {job.route.epoch > 0 && <span class="chip">moved</span>}
      {job.attempt > 1 && <span class="chip">attempt {job.attempt}</span>}
    </p>
  );
}
