import { useSignal } from '@preact/signals';
import type { JobDetail } from '@spillway/web/api/admin-schema.ts';
import { jobViewSchema } from '@spillway/web/api/schema.ts';
import { ConfirmButton } from '../components/ConfirmButton.tsx';
import { Icon } from '../components/Icon.tsx';
import { displayName } from '../format/file-name.ts';
import { requestJson } from '../http/request.ts';
import { cancelJob, deleteJob, jobPageUrl } from '../jobs/job-actions.ts';
import { drainWorker } from '../workers/worker-actions.ts';

interface JobActionsProps {
  job: JobDetail;
  /** The job has changed by what was done. */
  onDone(): void;
}

/** What an admin can do with a job, and with the worker that has it. */
export function JobActions({ job, onDone }: JobActionsProps) {
  const problem = useSignal<string | null>(null);
  const said = useSignal<string | null>(null);
  const busy = useSignal(false);
  const subject = displayName(job.source.name);
  const press = async (action: () => Promise<string | null>, done: string) => {
    if (busy.value) return;
    busy.value = true;
    problem.value = await action();
    said.value = problem.value === null ? done : null;
    busy.value = false;
    onDone();
  };
  const retry = async () => {
    const reply = await requestJson(`/jobs/${encodeURIComponent(job.id)}/retry`, jobViewSchema, {
      method: 'POST',
    });
    if (!reply.ok) return reply.failure.message;
    location.assign(jobPageUrl(reply.value.id));
    return null;
  };
  const cancel = async () => {
    const reply = await cancelJob(job.id);
    return reply.ok ? null : reply.failure.message;
  };
  const remove = async () => {
    const reply = await deleteJob(job.id);
    return reply.ok ? null : reply.failure.message;
  };
  const isOpen = job.state === 'queued' || job.state === 'processing';
  const worker = job.route.target === 'vm' ? (job.claim?.worker ?? null) : null;
  return (
    <div class="job-actions">
      {(job.state === 'failed' || job.state === 'cancelled') && (
        <button
          type="button"
          class="button primary"
          aria-disabled={busy.value}
          onClick={() => void press(retry, 'Asked for again.')}
        >
          <Icon name="retry" />
          Retry
          <span class="visually-hidden"> {subject}</span>
        </button>
      )}
      {isOpen && (
        <ConfirmButton
          label="Cancel"
          confirm="Cancel the job"
          subject={subject}
          icon="close"
          onConfirm={() => void press(cancel, 'Cancelled.')}
        />
      )}
      {worker && job.state === 'processing' && (
        <button
          type="button"
          class="button"
          aria-disabled={busy.value}
          onClick={() =>
            void press(
              () => drainWorker(worker, true),
              `${worker} takes no more jobs, and finishes what it has.`,
            )
          }
        >
          <Icon name="pause" />
          Drain {worker}
        </button>
      )}
      {!isOpen && (
        <ConfirmButton
          label="Delete"
          confirm="Delete for good"
          subject={subject}
          icon="trash"
          onConfirm={() => void press(remove, 'Deleted.')}
        />
      )}
      <p class="job-actions-note" role="status">
        {said.value}
      </p>
      {problem.value && (
        <p class="card-problem" role="alert">
          {problem.value}
        </p>
      )}
    </div>
  );
}
