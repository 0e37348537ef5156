import { useSignal } from '@preact/signals';
import { formatShare } from '@spillway/core/amounts.ts';
import { HatchBar } from '../components/HatchBar.tsx';
import { formatHeartbeatAge } from '../format/duration.ts';
import { targetLabel } from '../jobs/words.ts';
import { now } from '../live/now.ts';
import { drainWorker, resumeWorker } from './worker-actions.ts';
import { conditionOf, type WatchedWorker } from './worker-history.ts';
import { workerWords } from './worker-words.ts';

/** Workers, one a row, for as many as an installation has. */
export function WorkersTable({ list }: { list: readonly WatchedWorker[] }) {
  return (
    <div class="table-frame">
      <table class="workers-table">
        <thead>
          <tr>
            <th scope="col">Worker</th>
            <th scope="col">Condition</th>
            <th scope="col">Slots</th>
            <th scope="col" class="wide">
              CPU
            </th>
            <th scope="col" class="wide">
              RAM
            </th>
            <th scope="col" class="wide">
              Heartbeat
            </th>
            <th scope="col">
              <span class="visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {list.map((worker) => (
            <WorkerRow key={worker.view.id} worker={worker} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function WorkerRow({ worker }: { worker: WatchedWorker }) {
  const asked = useSignal(false);
  const problem = useSignal<string | null>(null);
  const { view } = worker;
  const condition = conditionOf(worker, now.value);
  const used = view.memory.totalBytes > 0 ? view.memory.usedBytes / view.memory.totalBytes : 0;
  const press = async (action: () => Promise<string | null>) => {
    if (asked.value) return;
    asked.value = true;
    problem.value = await action();
    asked.value = false;
  };
  return (
    <tr>
      <th scope="row">
        <a href={`/dashboard/jobs/?worker=${encodeURIComponent(view.id)}`}>{view.id}</a>
        <small class={`side ${view.kind}`}>{targetLabel(view.kind)}</small>
      </th>
      <td>
        <span class={`chip condition-${condition}`}>{condition}</span>
        <small>{workerWords(worker, now.value)}</small>
        {problem.value && <small role="alert">{problem.value}</small>}
      </td>
      <td>
        <HatchBar label={`${view.id}: busy slots`} share={view.slots === 0 ? 0 : view.busy / view.slots} />
        <small>
          {view.busy} of {view.slots}
        </small>
      </td>
      <td class="figure-cell wide">{formatShare(view.cpu.load)}</td>
      <td class="figure-cell wide">{formatShare(used)}</td>
      <td class="wide">{formatHeartbeatAge(now.value - worker.seenAt)}</td>
      <td class="figure-cell">
        {view.pause && (
          <button
            type="button"
            class="button"
            aria-disabled={asked.value}
            onClick={() => void press(() => resumeWorker(view.id))}
          >
            Resume<span class="visually-hidden"> {view.id}</span>
          </button>
        )}
        {view.kind === 'vm' && (
          <button
            type="button"
            class={view.drain ? 'button' : 'button quiet'}
            aria-disabled={asked.value}
            onClick={() => void press(() => drainWorker(view.id, !view.drain))}
          >
            {view.drain ? 'Undrain' : 'Drain'}
            <span class="visually-hidden"> {view.id}</span>
          </button>
        )}
      </td>
    </tr>
  );
}
