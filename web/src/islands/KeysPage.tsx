import '../http/no-eval.ts';
import { AdminPage } from '../admin/AdminPage.tsx';
import { KeysPanel } from '../keys/KeysPanel.tsx';

/** The keys with which programs use the API. */
export default function KeysPage() {
  return (
    <AdminPage title="API keys" topics={[]}>
      {() => <KeysPanel />}
    </AdminPage>
  );
}
