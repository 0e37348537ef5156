import '../http/no-eval.ts';
import { AdminPage } from '../admin/AdminPage.tsx';
import { AuditPanel } from '../audit/AuditPanel.tsx';

/** What admins did. */
export default function AuditPage() {
  return (
    <AdminPage title="Audit" topics={[]}>
      {() => <AuditPanel />}
    </AdminPage>
  );
}
