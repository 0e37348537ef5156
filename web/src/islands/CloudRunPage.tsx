import '../http/no-eval.ts';
import { AdminPage } from '../admin/AdminPage.tsx';
import { CloudRunPanel } from '../cloud-run/CloudRunPanel.tsx';
import { PauseControl } from '../cloud-run/PauseControl.tsx';

/** The service of Cloud Run. */
export default function CloudRunPage() {
  return (
    <AdminPage title="Cloud Run" topics={['workers']}>
      {(admin) => (
        <>
          <PauseControl run={admin.overview.value?.run ?? null} />
          <CloudRunPanel admin={admin} />
        </>
      )}
    </AdminPage>
  );
}
