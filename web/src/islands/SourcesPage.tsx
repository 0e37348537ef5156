import '../http/no-eval.ts';
import { AdminPage } from '../admin/AdminPage.tsx';
import { RulesPanel } from '../sources/RulesPanel.tsx';
import { SendersPanel } from '../sources/SendersPanel.tsx';

/** Who sends pictures: rules, owners, limits. */
export default function SourcesPage() {
  return (
    <AdminPage title="Senders" topics={[]}>
      {() => (
        <>
          <RulesPanel />
          <SendersPanel />
        </>
      )}
    </AdminPage>
  );
}
