import '../http/no-eval.ts';
import { AdminPage } from '../admin/AdminPage.tsx';
import { JobExplorer } from '../explorer/Explorer.tsx';

/** Everybody's jobs. The list asks for what it shows by itself: a stream of all that passes would cost more than it tells. */
export default function JobsPage() {
  return (
    <AdminPage title="Jobs" topics={[]}>
      {() => <JobExplorer />}
    </AdminPage>
  );
}
