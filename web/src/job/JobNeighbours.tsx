import { useSignal } from '@preact/signals';
import type { JobView } from '@spillway/web/api/schema.ts';
import { Icon } from '../components/Icon.tsx';
import { jobPageUrl } from '../jobs/job-actions.ts';
import { listedNeighbours } from '../jobs/listed-jobs.ts';
import { newerJob, olderJob } from './close-jobs.ts';

/** Leads to the job before and after this one: in the list that it was opened from, or else by time. */
export function JobNeighbours({ job }: { job: JobView }) {
  const listed = listedNeighbours(job.id);
  return (
    <nav class="job-neighbours" aria-label="Other jobs">
      <a href={listed?.list ?? '/dashboard/jobs/'}>{listed ? 'Back to the list' : 'All jobs'}</a>
      {listed ? (
        <>
          <Neighbour id={listed.previous} words="Previous" rel="prev" />
          <Neighbour id={listed.next} words="Next" rel="next" />
        </>
      ) : (
        <>
          <FoundNeighbour job={job} words="Newer" find={newerJob} />
          <FoundNeighbour job={job} words="Older" find={olderJob} />
        </>
      )}
    </nav>
  );
}

function Neighbour({ id, words, rel }: { id: string | null; words: string; rel: 'prev' | 'next' }) {
  if (id === null) return <span class="job-neighbour-none">{words}</span>;
  return (
    <a href={jobPageUrl(id)} rel={rel}>
      {words}
    </a>
  );
}

interface FoundNeighbourProps {
  job: JobView;
  words: string;
  find(job: JobView): Promise<string | null>;
}

/** It is looked for when it is wanted: most people who open a job go to no other. */
function FoundNeighbour({ job, words, find }: FoundNeighbourProps) {
  const isNone = useSignal(false);
  const press = async () => {
    const id = await find(job);
    if (id === null) isNone.value = true;
    else location.assign(jobPageUrl(id));
  };
  return (
    <button type="button" class="link" aria-disabled={isNone.value} onClick={() => void press()}>
      {words}
      {isNone.value && (
        <span class="visually-hidden" role="status">
          : there is none
        </span>
      )}
      <Icon name="more" />
    </button>
  );
}
