import '../http/no-eval.ts';
import { AdminPage } from '../admin/AdminPage.tsx';
import { Workers } from '../workers/Workers.tsx';

/** The workers: what each does, and the switches that take it out of service and back. */
export default function WorkersPage() {
  return (
    <AdminPage title="Workers" topics={['workers']}>
      {(admin) => <Workers admin={admin} />}
    </AdminPage>
  );
}
