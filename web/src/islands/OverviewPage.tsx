import '../http/no-eval.ts';
import { AdminPage } from '../admin/AdminPage.tsx';
import { HeadFigures } from '../overview/HeadFigures.tsx';

/** The first page for admins: how the system does. */
export default function OverviewPage() {
  return (
    <AdminPage title="Overview" topics={[]}>
      {(admin) => <HeadFigures overview={admin.overview.value} />}
    </AdminPage>
  );
}
