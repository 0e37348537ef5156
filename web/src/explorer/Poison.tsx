import { useSignal } from '@preact/signals';
import { countOf } from '@spillway/core/amounts.ts';
import { type JobView, jobPageSchema } from '@spillway/web/api/schema.ts';
import { useEffect } from 'preact/hooks';
import { formatMoment } from '../format/duration.ts';
import { displayName } from '../format/file-name.ts';
import { requestJson } from '../http/request.ts';
import { jobPageUrl, retryJob } from '../jobs/job-actions.ts';
import { operationLabel } from '../jobs/words.ts';
import { JobHistory } from './JobHistory.tsx';
import { JobPicture } from './JobPicture.tsx';

const mostShown = 20;

/** The newest jobs that were claimed as often as allowed and never ended. */
export function Poison({ onNews }: { onNews(words: string): void }) {
  const jobs = useSignal<readonly JobView[] | null>(null);
  useEffect(() => {
    void requestJson(`/admin/jobs?error=poison&limit=${mostShown}`, jobPageSchema).then((reply) => {
      jobs.value = reply.ok ? reply.value.jobs : [];
      if (!reply.ok) onNews(reply.failure.message);
    });
  }, []);
  async function retry({ id, source }: JobView): Promise<void> {
    const reply = await retryJob(id);
    onNews(reply.ok ? `${displayName(source.name)} waits again.` : reply.failure.message);
  }
  if (jobs.value === null) return <p class="explorer-loading">Looking …</p>;
  if (jobs.value.length === 0) return <p class="empty">No job was ever poison.</p>;
  return (
    <>
      <ul class="causes" aria-label="Poison">
        {jobs.value.map((job) => (
          <li key={job.id} class="cause">
            <JobPicture job={job} />
            <div class="cause-words">
              <h3>
                <a href={jobPageUrl(job.id)}>{displayName(job.source.name)}</a>
              </h3>
              <p>
                {operationLabel(job.operation)}, {countOf(job.attempt, 'try', 'tries')}: {job.error?.message}
              </p>
              <p class="cause-times">{job.endedAt && `Given up ${formatMoment(job.endedAt)}`}</p>
              <JobHistory id={job.id} />
            </div>
            <div class="cause-actions">
              <button type="button" class="button" onClick={() => void retry(job)}>
                Retry<span class="visually-hidden"> {displayName(job.source.name)}</span>
              </button>
            </div>
          </li>
        ))}
      </ul>
      {jobs.value.length === mostShown && (
        <p>
          <a href="?error=poison">All of them, to search and to retry together</a>
        </p>
      )}
    </>
  );
}
