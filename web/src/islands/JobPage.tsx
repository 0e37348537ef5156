import '../http/no-eval.ts';
import { useEffect, useMemo } from 'preact/hooks';
import { AdminPage } from '../admin/AdminPage.tsx';
import type { AdminConnection } from '../admin/admin-connection.ts';
import { displayName } from '../format/file-name.ts';
import { JobAccount, JobSummary } from '../job/JobAccount.tsx';
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
  if (!job) return <p class="empty">{state.missing.value ?? 'Reading the job …'}</p>;
  return (
    <>
      <JobSummary job={job} />
      <JobTime job={job} trace={state.trace.value} />
      <section class="job-account">
        <h2>What is known of it</h2>
        <JobAccount job={job} />
      </section>
    </>
  );
}
