import '../http/no-eval.ts';
import { useEffect, useMemo } from 'preact/hooks';
import { AccessNotice } from '../dashboard/AccessNotice.tsx';
import { JobAccount, JobSummary } from '../dashboard/JobAccount.tsx';
import { displayName } from '../format/file-name.ts';
import { startLearning } from '../operations/known-operations.ts';
import { JobTime } from '../trace/JobTime.tsx';
import { createJobPageState, jobOfAddress } from '../trace/job-page-state.ts';

/** The page of one job: where its time went, how it was decided, and what is known of it. */
export default function JobPage() {
  const state = useMemo(() => createJobPageState(jobOfAddress(location.pathname)), []);
  useEffect(() => state.start(), [state]);
  const access = state.door.access.value;
  useEffect(() => (access === 'granted' ? startLearning() : undefined), [access]);
  const job = state.job.value;
  const missing = state.missing.value;
  const title = job ? displayName(job.source.name) : 'Job';
  useEffect(() => {
    if (job) document.title = `${title} · Spillway`;
  }, [job !== null, title]);
  return (
    <>
      <header class="job-head">
        <p>
          <a href="/dashboard/">Dashboard</a>
        </p>
        <h1>{title}</h1>
        {job && <JobSummary job={job} />}
      </header>
      {access !== 'granted' ? (
        <AccessNotice access={access} door={state.door} />
      ) : job ? (
        <>
          <JobTime job={job} trace={state.trace.value} />
          <section class="job-account">
            <h2>What is known of it</h2>
            <JobAccount job={job} />
          </section>
        </>
      ) : (
        <p class="empty">{missing ?? 'Reading the job …'}</p>
      )}
    </>
  );
}
