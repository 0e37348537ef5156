import { useSignal } from '@preact/signals';
import { formatShare } from '@spillway/core/amounts.ts';
import { type Range, ranges } from '@spillway/core/rollups/levels.ts';
import { type MachinesView, machinesSchema } from '@spillway/web/api/metrics-schema.ts';
import { useEffect } from 'preact/hooks';
import { TimeChart } from '../charts/TimeChart.tsx';
import { Skeleton } from '../components/Skeleton.tsx';
import { requestJson } from '../http/request.ts';
import { rangeWords } from '../overview/range-words.ts';

/** Milliseconds between two readings: the newest step goes on changing. */
const againMs = 60_000;

/** What the processors and the memory of one worker's machine did over time. */
export function MachineHistory() {
  const range = useSignal<Range>('3h');
  const chosen = useSignal<string | null>(null);
  const view = useSignal<MachinesView | null>(null);
  const problem = useSignal<string | null>(null);
  useEffect(() => {
    const leaving = new AbortController();
    const read = async () => {
      if (document.hidden) return;
      const path = `/admin/machines?range=${range.value}`;
      const reply = await requestJson(path, machinesSchema, { signal: leaving.signal }).catch(() => null);
      if (!reply) return;
      problem.value = reply.ok ? null : reply.failure.message;
      if (reply.ok) view.value = reply.value;
    };
    void read();
    const timer = setInterval(() => void read(), againMs);
    return () => {
      clearInterval(timer);
      leaving.abort();
    };
  }, [range.value]);
  const machines = view.value?.machines ?? [];
  const shown = machines.find(({ id }) => id === chosen.value) ?? machines[0];
  return (
    <section class="machine-history" aria-labelledby="machine-history">
      <header class="section-head">
        <h2 id="machine-history">History</h2>
        <label>
          <span class="visually-hidden">Time</span>
          <select
            value={range.value}
            onChange={(event) => {
              const next = ranges.find((each) => each === event.currentTarget.value);
              if (next) range.value = next;
            }}
          >
            {ranges.map((each) => (
              <option key={each} value={each}>
                {rangeWords[each]}
              </option>
            ))}
          </select>
        </label>
        {machines.length > 0 && (
          <label>
            <span class="visually-hidden">Worker</span>
            <select value={shown?.id} onChange={(event) => (chosen.value = event.currentTarget.value)}>
              {machines.map(({ id }) => (
                <option key={id} value={id}>
                  {id}
                </option>
              ))}
            </select>
          </label>
        )}
      </header>
      {problem.value && <p role="alert">{problem.value}</p>}
      {!view.value && !problem.value && <Skeleton lines={6} label="Reading the history …" />}
      {view.value && !shown && <p class="empty">No worker has reported in this time.</p>}
      {view.value && shown && <MachineCharts view={view.value} machine={shown} />}
    </section>
  );
}

interface MachineChartsProps {
  view: MachinesView;
  machine: MachinesView['machines'][number];
}

function MachineCharts({ view, machine: { points } }: MachineChartsProps) {
  const shared = {
    times: points.map(({ at }) => at.getTime()),
    stepMs: view.stepMs,
    from: view.from.getTime(),
    until: view.until.getTime(),
    marks: [],
    group: 'machines',
    max: 1,
    atLeast: 1,
    format: (share: number) => formatShare(share),
  };
  return (
    <div class="charts">
      <TimeChart
        title="CPU"
        note="Of all processors of the machine: the mean, the greatest of a step, and the worker’s own."
        {...shared}
        lines={[
          { label: 'worker', colour: '--blue', look: 'area', values: points.map(({ ownCpu }) => ownCpu) },
          { label: 'machine', colour: '--ink', look: 'line', values: points.map(({ cpu }) => cpu) },
          {
            label: 'most',
            colour: '--ink-faint',
            look: 'dashed',
            values: points.map(({ mostCpu }) => mostCpu),
          },
        ]}
      />
      <TimeChart
        title="RAM"
        note="Of the machine’s memory: the mean, and the greatest of a step."
        {...shared}
        lines={[
          { label: 'machine', colour: '--ink', look: 'line', values: points.map(({ memory }) => memory) },
          {
            label: 'most',
            colour: '--ink-faint',
            look: 'dashed',
            values: points.map(({ mostMemory }) => mostMemory),
          },
        ]}
      />
    </div>
  );
}
