import { useState } from 'preact/hooks';
import { LiveChart } from '../charts/LiveChart.tsx';
import { OperationName } from '../components/OperationName.tsx';
import { gibibytes } from '../format/bytes.ts';
import { formatDuration, formatHeartbeatAge } from '../format/duration.ts';
import { targetLabel } from '../jobs/words.ts';
import { now } from '../live/now.ts';
import { conditionOf, type WatchedWorker } from './worker-history.ts';

interface WorkerCardProps {
  worker: WatchedWorker;
  onDrain(drain: boolean): Promise<string | null>;
}

/** One worker: its state, its slots, what its machine does, and the switch that takes it out of service. */
export function WorkerCard({ worker, onDrain }: WorkerCardProps) {
  const [asked, setAsked] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const { view } = worker;
  const condition = conditionOf(worker, now.value);
  const press = async () => {
    if (asked) return;
    setAsked(true);
    setProblem(await onDrain(!view.drain));
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
        <Slots busy={view.busy} slots={view.slots} />
        <span class="worker-age">heartbeat {formatHeartbeatAge(now.value - worker.seenAt)}</span>
      </div>
      <div class="worker-charts">
        <CpuChart worker={worker} />
        <MemoryChart worker={worker} />
      </div>
      <ServiceTimes perOperation={view.perOperation} />
      <p class="worker-models">
        {view.models.length === 0 ? 'No model loaded.' : `Models loaded: ${view.models.join(', ')}`}
      </p>
      <footer class="worker-foot">
        <span>
          up {formatDuration(now.value - view.startedAt.getTime())}, version {view.version}
        </span>
        {/* Cloud Run starts and ends its instances itself. */}
        {view.kind === 'vm' && (
          <button
            type="button"
            class={view.drain ? 'button' : 'button quiet'}
            aria-disabled={asked}
            onClick={() => void press()}
          >
            {view.drain ? 'Undrain' : 'Drain'}
            <span class="visually-hidden"> {view.id}</span>
          </button>
        )}
      </footer>
      {problem && (
        <p class="card-problem" role="alert">
          {problem}
        </p>
      )}
    </article>
  );
}

function Slots({ busy, slots }: { busy: number; slots: number }) {
  return (
    <span class="slots" role="img" aria-label={`${busy} of ${slots} slots busy`}>
      {Array.from({ length: Math.min(slots, 16) }, (_, index) => (
        <span key={index} class={index < busy ? 'pip busy' : 'pip'} />
      ))}
      <span class="slots-words">
        {busy}/{slots} busy
      </span>
    </span>
  );
}

function CpuChart({ worker }: { worker: WatchedWorker }) {
  const { samples } = worker;
  const last = samples.at(-1);
  const machine = `${Math.round(last?.machineCpu ?? 0)} %`;
  const own = `${Math.round(last?.ownCpu ?? 0)} %`;
  return (
    <figure>
      <figcaption>
        <strong>CPU</strong>
        <span class="key machine">machine {machine}</span>
        <span class="key own">worker {own}</span>
      </figcaption>
      <LiveChart
        description={`Processor: machine ${machine}, worker ${own}`}
        times={samples.map(({ at }) => at / 1_000)}
        max={100}
        format={(value) => `${value} %`}
        lines={[
          {
            label: 'worker',
            colour: '--blue',
            filled: true,
            dash: null,
            values: samples.map((sample) => sample.ownCpu),
          },
          {
            label: 'machine',
            colour: '--ink-faint',
            filled: false,
            dash: [4, 3],
            values: samples.map((sample) => sample.machineCpu),
          },
        ]}
      />
    </figure>
  );
}

function MemoryChart({ worker }: { worker: WatchedWorker }) {
  const { samples, view } = worker;
  const used = gibibytes(view.memory.usedBytes);
  const own = gibibytes(view.process.rssBytes);
  const total = gibibytes(view.memory.totalBytes);
  return (
    <figure>
      <figcaption>
        <strong>RAM</strong>
        <span class="key machine">
          {used} of {total} GiB
        </span>
        <span class="key own">worker {own}</span>
      </figcaption>
      <LiveChart
        description={`Memory: machine ${used} of ${total} GiB, worker ${own} GiB`}
        times={samples.map(({ at }) => at / 1_000)}
        max={view.memory.totalBytes}
        format={gibibytes}
        lines={[
          {
            label: 'worker',
            colour: '--blue',
            filled: true,
            dash: null,
            values: samples.map((sample) => sample.ownMemory),
          },
          {
            label: 'machine',
            colour: '--ink-faint',
            filled: false,
            dash: [4, 3],
            values: samples.map((sample) => sample.machineMemory),
          },
        ]}
      />
    </figure>
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
              {stats.succeeded} done{stats.failed > 0 ? `, ${stats.failed} failed` : ''}
            </small>
          </dd>
        </div>
      ))}
    </dl>
  );
}
