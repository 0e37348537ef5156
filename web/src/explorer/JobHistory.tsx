import { useSignal } from '@preact/signals';
import { type JobDetail, jobDetailSchema } from '@spillway/web/api/admin-schema.ts';
import { Icon } from '../components/Icon.tsx';
import { formatMoment } from '../format/duration.ts';
import { requestJson } from '../http/request.ts';
import { historySteps } from '../job/job-history.ts';

/** What happened to a job, attempt by attempt. It is asked for once somebody wants to see it. */
export function JobHistory({ id }: { id: string }) {
  const job = useSignal<JobDetail | null>(null);
  const problem = useSignal<string | null>(null);
  async function load(): Promise<void> {
    if (job.value) return;
    const reply = await requestJson(`/admin/jobs/${encodeURIComponent(id)}`, jobDetailSchema);
    job.value = reply.ok ? reply.value : null;
    problem.value = reply.ok ? null : reply.failure.message;
  }
  return (
    <details onToggle={(event) => void (event.currentTarget.open && load())}>
      <summary>
        <Icon name="more" />
        What happened to it
      </summary>
      {problem.value}
      {job.value && (
        <ol class="job-steps">
          {historySteps(job.value).map((step) => (
            <li key={`${step.title} ${step.at?.getTime()}`} class={step.tone}>
              {step.at && <time dateTime={step.at.toISOString()}>{formatMoment(step.at)}</time>} {step.title}
              {step.detail && <small> {step.detail}</small>}
            </li>
          ))}
        </ol>
      )}
    </details>
  );
}
