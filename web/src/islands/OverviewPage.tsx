import '../http/no-eval.ts';
import { AdminPage } from '../admin/AdminPage.tsx';
import { Overview } from '../overview/Overview.tsx';

/** The first page for admins: how the system does, and did. */
export default function OverviewPage() {
  return (
    <AdminPage title="Overview" topics={[]}>
      {(admin) => <Overview admin={admin} />}
    </AdminPage>
  );
}
