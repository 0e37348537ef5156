import '../http/no-eval.ts';
import { AdminPage } from '../admin/AdminPage.tsx';
import { MachineHistory } from '../workers/MachineHistory.tsx';
import { Workers } from '../workers/Workers.tsx';

/** The workers: what each does and did, and the switches that take it out of service and back. */
export default function WorkersPage() {
  return (
    <AdminPage title="Workers" topics={['workers']}>
      {(admin) => (
        <>
          <Workers admin={admin} />
          <MachineHistory />
        </>
      )}
    </AdminPage>
  );
}
