import '../http/no-eval.ts';
import { AdminPage } from '../admin/AdminPage.tsx';
import { JobsTable } from '../explorer/JobsTable.tsx';

/** Everybody's jobs. */
export default function JobsPage() {
  return (
    <AdminPage title="Jobs" topics={['jobs']}>
      {(admin) => <JobsTable admin={admin} />}
    </AdminPage>
  );
}
