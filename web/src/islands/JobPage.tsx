import '../http/no-eval.ts';
import { clockStart } from '@spillway/core/job.ts';
import type { JobDetail, JobTrace } from '@spillway/web/api/admin-schema.ts';
import { useEffect, useMemo } from 'preact/hooks';
import { AdminPage } from '../admin/AdminPage.tsx';
import type { AdminConnection } from '../admin/admin-connection.ts';
import { Skeleton } from '../components/Skeleton.tsx';
import { displayName } from '../format/file-name.ts';
import { EarlierDecisions, ExpectedTable } from '../job/ExpectedTable.tsx';
import { JobActions } from '../job/JobActions.tsx';
import { JobDecision } from '../job/JobDecision.tsx';
import { JobFacts } from '../job/JobFacts.tsx';
import { JobLogs } from '../job/JobLogs.tsx';
import { JobNeighbours } from '../job/JobNeighbours.tsx';
import { JobPictures } from '../job/JobPictures.tsx';
import { JobReceipt } from '../job/JobReceipt.tsx';
import { JobStory } from '../job/JobStory.tsx';
import { JobSummary } from '../job/JobSummary.tsx';
import { historySteps } from '../job/job-history.ts';
import { createJobPageState, type JobPageState, jobOfAddress } from '../job/job-page-state.ts';
import { JobTime } from '../trace/JobTime.tsx';

/** The page of one job: where its time went, how it was decided, and what is known of it. */
export default function JobPage() {
  // The page is drawn for all jobs when the site is built, where there is no address.
  const address = typeof location === 'undefined' ? '' : location.pathname;
  const state = useMemo(() => createJobPageState(jobOfAddress(address)), []);
  const job = state.job.value;
  const title = job ? displayName(job.source.name) : 'Job';
  useEffect(() => {
    if (job) document.title = `${title} · Spillway`;
  }, [job !== null, title]);
  return (
    <AdminPage title={title} topics={[]}>
      {(admin) => <JobContent admin={admin} state={state} />}
    </AdminPage>
  );
}

function JobContent({ admin, state }: { admin: AdminConnection; state: JobPageState }) {
  useEffect(() => state.start(admin.door), [state, admin]);
  const job = state.job.value;
  const missing = state.missing.value;
  if (missing !== null) {
    return (
      <div class="empty">
        <p>{missing}</p>
        <p>
          It may have been deleted, or its document has reached its end.{' '}
          <a href="/dashboard/jobs/">All jobs</a>
        </p>
      </div>
    );
  }
  if (!job) return <Skeleton lines={12} label="Reading the job …" />;
  return <JobSheet job={job} trace={state.trace.value} onChanged={state.readAgain} />;
}

interface JobSheetProps {
  job: JobDetail;
  trace: JobTrace | null;
  onChanged(): void;
}

function JobSheet({ job, trace, onChanged }: JobSheetProps) {
  return (
    <>
      <div class="job-bar">
        <JobSummary job={job} />
        <JobActions job={job} onDone={onChanged} />
        <JobNeighbours job={job} />
      </div>
      <div class="job-sheet first">
        <section class="sheet" aria-labelledby="job-pictures">
          <h2 id="job-pictures">Pictures</h2>
          <JobPictures job={job} />
          <h3>Receipt</h3>
          <JobReceipt job={job} />
        </section>
        <section class="sheet" aria-labelledby="job-expected">
          <h2 id="job-expected">Expected and actual</h2>
          <ExpectedTable job={job} />
          <EarlierDecisions job={job} />
        </section>
        <section class="sheet" aria-labelledby="job-decision">
          <h2 id="job-decision">Why there, and not on the other side</h2>
          <JobDecision job={job} />
        </section>
      </div>
      <JobTime job={job} trace={trace} />
      <div class="job-sheet">
        <section class="sheet" aria-labelledby="job-story">
          <h2 id="job-story">What happened</h2>
          <JobStory job={job} steps={historySteps(job)} start={clockStart(job).getTime()} />
        </section>
        <section class="sheet" aria-labelledby="job-facts">
          <h2 id="job-facts">Details</h2>
          <JobFacts job={job} />
        </section>
      </div>
      <section class="sheet job-logs" aria-labelledby="job-logs">
        <h2 id="job-logs">Logs</h2>
        <JobLogs id={job.id} start={clockStart(job).getTime()} revision={job.revision} />
      </section>
    </>
  );
}
