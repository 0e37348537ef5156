import { countOf } from '@spillway/core/amounts.ts';
import type { AdminConnection } from '../admin/admin-connection.ts';
import { WorkerCard } from './WorkerCard.tsx';
import { drainWorker, resumeWorker } from './worker-actions.ts';

/** All workers that have reported lately, VMs first. */
export function Workers({ admin }: { admin: AdminConnection }) {
  const workers = admin.workers.value;
  const list = workers ? [...workers.values()] : [];
  const slots = list.reduce((total, { view }) => total + view.slots, 0);
  return (
    <section class="workers" aria-labelledby="workers-title">
      <header class="section-head">
        <h2 id="workers-title">Workers</h2>
        <p>{list.length > 0 && `${countOf(list.length, 'worker')}, ${countOf(slots, 'slot')}`}</p>
      </header>
      {workers && list.length === 0 && (
        <div class="empty">
          <p>No worker has reported.</p>
          <p>
            New jobs go to Cloud Run, or wait until a VM starts. <code>npm start</code> starts two workers on
            this machine.
          </p>
        </div>
      )}
      {!workers && <p class="empty">Waiting for the first heartbeats …</p>}
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
    </section>
  );
}
