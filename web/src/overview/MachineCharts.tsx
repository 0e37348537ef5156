import { useSignal } from '@preact/signals';
import { formatBytes, formatShare } from '@spillway/core/amounts.ts';
import { type MachinesView, machinesSchema } from '@spillway/web/api/metrics-schema.ts';
import { useEffect } from 'preact/hooks';
import { type ChartLine, TimeChart } from '../charts/TimeChart.tsx';
import { requestJson } from '../http/request.ts';
import { apiQueryOf } from './overview-address.ts';
import type { OverviewState } from './overview-state.ts';

type Machine = MachinesView['machines'][number];
type Point = Machine['points'][number];

/** Processors and memory of the worker that the charts are about, over the same time. */
export function MachineCharts({ state }: { state: OverviewState }) {
  const { about, ...view } = state.view.value;
  const machines = useSignal<MachinesView | null>(null);
  const worker = about?.name === 'worker' ? about.value : null;
  // Read again with the figures, which it stands beside.
  const metrics = state.metrics.value;
  useEffect(() => {
    if (worker === null) return;
    const ending = new AbortController();
    const query = `${apiQueryOf({ ...view, about: null })}&worker=${encodeURIComponent(worker)}`;
    void requestJson(`/admin/machines?${query}`, machinesSchema, { signal: ending.signal })
      .then((reply) => {
        if (reply.ok) machines.value = reply.value;
      })
      // A newer one has taken its place.
      .catch(() => {});
    return () => ending.abort();
  }, [worker, metrics]);

  const machine = machines.value?.machines.find(({ id }) => id === worker);
  if (worker === null || !machines.value || !machine) return null;
  const { from, until, stepMs } = machines.value;
  const shared = {
    times: machine.points.map(({ at }) => at.getTime()),
    stepMs,
    from: from.getTime(),
    until: until.getTime(),
    marks: metrics?.marks ?? [],
    group: 'overview',
  };
  const line = (label: string, look: ChartLine['look'], value: (point: Point) => number): ChartLine => ({
    label,
    colour: machine.kind === 'vm' ? '--blue' : '--run',
    look,
    values: machine.points.map(value),
  });
  return (
    <>
      <TimeChart
        title={`Processors of ${worker}`}
        {...shared}
        atLeast={1}
        max={1}
        format={(share) => formatShare(share)}
        lines={[
          line('machine', 'line', ({ cpu }) => cpu),
          line('greatest', 'dashed', ({ mostCpu }) => Math.min(1, mostCpu)),
          line('its own processes', 'dashed', ({ ownCpu }) => ownCpu),
        ]}
      />
      <TimeChart
        title={`Memory of ${worker}`}
        {...shared}
        atLeast={1}
        max={1}
        format={(share) => formatShare(share)}
        lines={[
          line('machine', 'line', ({ memory }) => memory),
          line('greatest', 'dashed', ({ mostMemory }) => Math.min(1, mostMemory)),
        ]}
      />
      <TimeChart
        title={`Own processes of ${worker}, memory`}
        {...shared}
        atLeast={1e8}
        format={formatBytes}
        lines={[line('resident memory', 'area', ({ ownBytes }) => ownBytes)]}
      />
    </>
  );
}
