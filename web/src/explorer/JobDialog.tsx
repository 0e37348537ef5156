import type { JobView } from '@spillway/web/api/schema.ts';
import { ModalDialog } from '../components/ModalDialog.tsx';
import { displayName } from '../format/file-name.ts';
import { JobAccount } from '../job/JobAccount.tsx';
import { JobSummary } from '../job/JobSummary.tsx';
import { jobPageUrl } from '../jobs/job-actions.ts';

interface JobDialogProps {
  job: JobView;
  onClose(): void;
}

/** Everything that is known of one job; it goes on changing while it is open. */
export function JobDialog({ job, onClose }: JobDialogProps) {
  return (
    <ModalDialog title={displayName(job.source.name)} className="job-dialog" onClose={onClose}>
      <JobSummary job={job} />
      <p class="job-page-link">
        <a href={jobPageUrl(job.id)}>Its own page, with its waterfall</a>
      </p>
      <JobAccount job={job} />
    </ModalDialog>
  );
}
