import '../http/no-eval.ts';
import { AdminPage } from '../admin/AdminPage.tsx';
import { CloudRunPanel } from '../cloud-run/CloudRunPanel.tsx';

/** The service of Cloud Run. */
export default function CloudRunPage() {
  return (
    <AdminPage title="Cloud Run" topics={['workers']}>
      {(admin) => <CloudRunPanel admin={admin} />}
    </AdminPage>
  );
}
