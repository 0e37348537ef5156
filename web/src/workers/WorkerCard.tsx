import { countOf } from '@spillway/core/amounts.ts';
import type { WorkerView } from '@spillway/web/api/admin-schema.ts';
import { useState } from 'preact/hooks';
import { OperationName } from '../components/OperationName.tsx';
import { formatDuration, formatHeartbeatAge } from '../format/duration.ts';
import { targetLabel } from '../jobs/words.ts';
import { now } from '../live/now.ts';
import { CpuChart, MemoryChart } from './WorkerCharts.tsx';
import { conditionOf, type WatchedWorker } from './worker-history.ts';
import { workerWords } from './worker-words.ts';

interface WorkerCardProps {
  worker: WatchedWorker;
  /** Both return why it could not be done, or null. */
  onDrain(drain: boolean): Promise<string | null>;
  onResume(): Promise<string | null>;
}

/** One worker: its state, its slots, what its machine does, and the switches that take it out of service and back. */
export function WorkerCard({ worker, onDrain, onResume }: WorkerCardProps) {
  const [asked, setAsked] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const { view } = worker;
  const condition = conditionOf(worker, now.value);
  const press = async (action: () => Promise<string | null>) => {
    if (asked) return;
    setAsked(true);
    setProblem(await action());
    setAsked(false);
  };
  return (
    <article class={`worker ${condition}`} aria-label={`Worker ${view.id}`}>
      <header class="worker-head">
        <h3>{view.id}</h3>
        <span class={`chip side ${view.kind}`}>{targetLabel(view.kind)}</span>
        <span class={`chip condition-${condition}`}>{condition}</span>
      </header>
      <div class="worker-line">
        <Slots {...view} />
        <span class="worker-age">heartbeat {formatHeartbeatAge(now.value - worker.seenAt)}</span>
      </div>
      <p class="worker-words">{workerWords(worker, now.value)}</p>
      <div class="worker-charts">
        <CpuChart samples={worker.samples} />
        <MemoryChart samples={worker.samples} view={view} />
      </div>
      <ServiceTimes perOperation={view.perOperation} />
      <p class="worker-models">
        {view.models.length === 0 ? 'No model loaded.' : `Models loaded: ${view.models.join(', ')}`}
      </p>
      <footer class="worker-foot">
        <span>
          up {formatDuration(now.value - view.startedAt.getTime())}, version {view.version}
        </span>
        <span class="worker-actions">
          {view.pause && (
            <WorkerButton
              action="Resume"
              id={view.id}
              asked={asked}
              prominent
              onPress={() => void press(onResume)}
            />
          )}
          {/* Cloud Run starts and ends its instances itself. */}
          {view.kind === 'vm' && (
            <WorkerButton
              action={view.drain ? 'Undrain' : 'Drain'}
              id={view.id}
              asked={asked}
              prominent={view.drain}
              onPress={() => void press(() => onDrain(!view.drain))}
            />
          )}
        </span>
      </footer>
      {problem && (
        <p class="card-problem" role="alert">
          {problem}
        </p>
      )}
    </article>
  );
}

interface WorkerButtonProps {
  action: string;
  id: string;
  asked: boolean;
  prominent: boolean;
  onPress(): void;
}

function WorkerButton({ action, id, asked, prominent, onPress }: WorkerButtonProps) {
  return (
    <button
      type="button"
      class={prominent ? 'button' : 'button quiet'}
      aria-disabled={asked}
      onClick={onPress}
    >
      {action}
      <span class="visually-hidden"> {id}</span>
    </button>
  );
}

function Slots({ busy, slots, inFlight }: Pick<WorkerView, 'busy' | 'slots' | 'inFlight'>) {
  const beside = Math.max(0, (inFlight ?? busy) - busy);
  return (
    <span class="slots" role="img" aria-label={`${busy} of ${slots} slots busy`}>
      {Array.from({ length: Math.min(slots, 16) }, (_, index) => (
        <span key={index} class={index < busy ? 'pip busy' : 'pip'} />
      ))}
      <span class="slots-words">
        {busy}/{slots} busy{beside > 0 && `, ${beside} fetched or stored`}
      </span>
    </span>
  );
}

function ServiceTimes({ perOperation }: { perOperation: WatchedWorker['view']['perOperation'] }) {
  const entries = Object.entries(perOperation);
  if (entries.length === 0) return <p class="service-times none">No job measured yet.</p>;
  return (
    <dl class="service-times">
      {entries.map(([operation, stats]) => (
        <div key={operation}>
          <dt>
            <OperationName operation={operation} />
          </dt>
          <dd>
            {formatDuration(stats.serviceMs)}
            <small>
              {stats.succeeded} done
              {/* Mostly the pictures' own: a worker that fails by itself is paused, and says why. */}
              {stats.failed > 0 && `, ${countOf(stats.failed, 'picture')} that could not be worked on`}
            </small>
          </dd>
        </div>
      ))}
    </dl>
  );
}
