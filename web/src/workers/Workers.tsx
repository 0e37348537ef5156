import { useSignal } from '@preact/signals';
import { countOf } from '@spillway/core/amounts.ts';
import type { AdminConnection } from '../admin/admin-connection.ts';
import { Skeleton } from '../components/Skeleton.tsx';
import { WorkerCard } from './WorkerCard.tsx';
import { WorkersTable } from './WorkersTable.tsx';
import { drainWorker, resumeWorker } from './worker-actions.ts';
import type { WatchedWorker } from './worker-history.ts';

/** More workers than these are a table at first: cards of twenty take four screens. */
const mostCards = 8;

/** All workers that have reported lately, VMs first. */
export function Workers({ admin }: { admin: AdminConnection }) {
  /** Null until somebody chooses. */
  const chosen = useSignal<'cards' | 'table' | null>(null);
  const workers = admin.workers.value;
  if (!workers) return <Skeleton lines={10} label="Waiting for the first heartbeats …" />;
  const list = [...workers.values()];
  if (list.length === 0) {
    return (
      <div class="empty">
        <p>No worker has reported.</p>
        <p>New jobs go to Cloud Run, or wait until a VM starts.</p>
      </div>
    );
  }
  const look = chosen.value ?? (list.length > mostCards ? 'table' : 'cards');
  return (
    <section class="workers" aria-label="Workers">
      <header class="workers-bar">
        <p>{summaryOf(list)}</p>
        <fieldset class="look-picker">
          <legend class="visually-hidden">Show workers as</legend>
          {(['cards', 'table'] as const).map((each) => (
            <label key={each}>
              <input
                type="radio"
                name="workers-look"
                checked={look === each}
                onChange={() => (chosen.value = each)}
              />
              {each === 'cards' ? 'Cards' : 'Table'}
            </label>
          ))}
        </fieldset>
      </header>
      {look === 'table' ? (
        <WorkersTable list={list} />
      ) : (
        <ul class="worker-cards">
          {list.map((worker) => (
            <li key={worker.view.id}>
              <WorkerCard
                worker={worker}
                onDrain={(drain) => drainWorker(worker.view.id, drain)}
                onResume={() => resumeWorker(worker.view.id)}
              />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function summaryOf(list: readonly WatchedWorker[]): string {
  const vms = list.filter(({ view }) => view.kind === 'vm').length;
  const instances = list.length - vms;
  const slots = list.reduce((total, { view }) => total + view.slots, 0);
  const busy = list.reduce((total, { view }) => total + view.busy, 0);
  const parts = [
    ...(vms > 0 ? [countOf(vms, 'VM')] : []),
    ...(instances > 0 ? [countOf(instances, 'instance of Cloud Run', 'instances of Cloud Run')] : []),
  ];
  return `${parts.join(' and ')}, ${busy} of ${countOf(slots, 'slot')} busy`;
}
