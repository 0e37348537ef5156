import '../http/no-eval.ts';
import { AdminPage } from '../admin/AdminPage.tsx';
import { RoutingPanel } from '../settings/RoutingPanel.tsx';

/** How work is routed, and the settings of it. */
export default function RoutingPage() {
  return (
    <AdminPage title="Routing" topics={[]}>
      {(admin) => <RoutingPanel overview={admin.overview} />}
    </AdminPage>
  );
}
