import '../http/no-eval.ts';
import { useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { AuditPanel } from '../audit/AuditPanel.tsx';
import { CloudRunPanel } from '../cloud-run/CloudRunPanel.tsx';
import { ConnectionNote } from '../components/ConnectionNote.tsx';
import { AccessNotice } from '../dashboard/AccessNotice.tsx';
import { Alerts } from '../dashboard/Alerts.tsx';
import { createAdminState } from '../dashboard/admin-state.ts';
import { HeadFigures } from '../dashboard/HeadFigures.tsx';
import { JobDialog } from '../dashboard/JobDialog.tsx';
import { JobsTable } from '../dashboard/JobsTable.tsx';
import { Workers } from '../dashboard/Workers.tsx';
import { KeysPanel } from '../keys/KeysPanel.tsx';
import { startLearning } from '../operations/known-operations.ts';
import { RoutingPanel } from '../settings/RoutingPanel.tsx';

/** The admin's page: what is wrong, load, routing, workers and jobs, live. */
export default function Dashboard() {
  const admin = useMemo(createAdminState, []);
  const opened = useSignal<string | null>(null);
  useEffect(startLearning, []);
  useEffect(() => admin.start(), [admin]);

  const access = admin.door.access.value;
  const job = opened.value === null ? undefined : admin.jobs.cache.jobs.value.get(opened.value);
  return (
    <>
      <header class="dashboard-head">
        <h1>Dashboard</h1>
        <ConnectionNote state={admin.jobs.stream} />
      </header>
      {access !== 'granted' ? (
        <AccessNotice access={access} door={admin.door} />
      ) : (
        <>
          <Alerts alerts={admin.overview.value?.alerts ?? []} />
          <HeadFigures overview={admin.overview.value} />
          <RoutingPanel overview={admin.overview} />
          <CloudRunPanel admin={admin} />
          <Workers admin={admin} />
          <KeysPanel />
          <AuditPanel />
          <JobsTable admin={admin} onOpen={(id) => (opened.value = id)} />
          {job && <JobDialog key={job.id} job={job} onClose={() => (opened.value = null)} />}
        </>
      )}
    </>
  );
}
