import { formatDollars, formatShare } from '@spillway/core/amounts.ts';
import type { FiguresView, MetricsPoint } from '@spillway/web/api/metrics-schema.ts';
import { type ChartLine, TimeChart } from '../charts/TimeChart.tsx';
import { formatDuration } from '../format/duration.ts';
import { countsOf, hasJobs, measuresOf, stepsOf } from './chart-data.ts';
import { MachineCharts } from './MachineCharts.tsx';
import type { OverviewState } from './overview-state.ts';
import { around } from './WorstStep.tsx';

/** The charts of the chosen time: one pointer and the same marks in all of them. */
export function Charts({ state }: { state: OverviewState }) {
  const metrics = state.metrics.value;
  const view = state.view.value;
  if (!metrics) return <div class="charts-wait empty">Reading what happened …</div>;
  if (!hasJobs(metrics)) {
    return (
      <div class="empty">
        <p>Nothing is known of jobs {view.about ? 'of this kind ' : ''}in this time.</p>
      </div>
    );
  }
  const steps = stepsOf(metrics, Date.now());
  const { stepMs, marks } = metrics;
  const isAll = view.about === null;
  const isLong = stepMs >= 600_000;
  const shared = {
    times: steps.times,
    stepMs,
    from: metrics.from.getTime(),
    until: metrics.until.getTime(),
    marks,
    group: 'overview',
    ...(isLong ? { onPick: (at: number) => state.show(around(at, stepMs)) } : {}),
  };
  const of = view.class;
  const className = of === 'interactive' ? 'interactive jobs' : 'bulk jobs';
  const quantiles = (what: 'wait' | 'run' | 'total'): ChartLine[] => [
    line(
      'median',
      '--ink-soft',
      'line',
      measuresOf(steps, ({ classes }) => classes[of][what].p50),
    ),
    line(
      '95th percentile',
      '--ink',
      'line',
      measuresOf(steps, ({ classes }) => classes[of][what].p95),
    ),
    line(
      '99th percentile',
      '--ink-faint',
      'dashed',
      measuresOf(steps, ({ classes }) => classes[of][what].p99),
    ),
  ];
  const sumOf = (name: 'ended' | 'failed' | 'refused') => (point: FiguresView) =>
    point.classes.interactive[name] + point.classes.bulk[name];
  const failedOtherwise = (point: FiguresView) => sumOf('failed')(point) - sumOf('refused')(point);
  const system = (measure: (system: NonNullable<MetricsPoint['system']>) => number) =>
    measuresOf(steps, ({ system }) => system && measure(system));
  const counts = { atLeast: 4, format: formatCount } as const;
  const durations = { atLeast: 1_000, format: formatDuration, ticks: durationTicks };
  return (
    <section class="charts" aria-label="Charts">
      <MachineCharts state={state} />
      <TimeChart
        title="Jobs ended"
        note={`In each ${formatDuration(stepMs)}.`}
        {...shared}
        {...counts}
        lines={[
          line('ended', '--ink-faint', 'bars', countsOf(steps, sumOf('ended'))),
          {
            ...line('failed for what was sent', '--amber', 'bars', countsOf(steps, sumOf('refused'))),
            drawn: countsOf(steps, sumOf('failed')),
          },
          line('failed otherwise', '--red', 'bars', countsOf(steps, failedOtherwise)),
        ]}
      />
      <TimeChart
        title="Objectives kept"
        note="Of the jobs that could keep theirs, by class."
        {...shared}
        atLeast={1}
        max={1}
        format={(share) => formatShare(share)}
        lines={[
          line(
            'interactive',
            '--ink',
            'line',
            measuresOf(steps, (point) => keptShare(point, 'interactive')),
          ),
          line(
            'bulk',
            '--ink-faint',
            'dashed',
            measuresOf(steps, (point) => keptShare(point, 'bulk')),
          ),
        ]}
      />
      <TimeChart
        title={`Upload to outcome, ${className}`}
        {...shared}
        {...durations}
        lines={quantiles('total')}
      />
      <TimeChart
        title={`Wait for a slot, ${className}`}
        {...shared}
        {...durations}
        lines={quantiles('wait')}
      />
      <TimeChart
        title={`The operation itself, ${className}`}
        {...shared}
        {...durations}
        lines={quantiles('run')}
      />
      <TimeChart
        title="Where jobs were sent"
        note="First decisions."
        {...shared}
        {...counts}
        lines={[
          line(
            'VMs',
            '--blue',
            'line',
            countsOf(steps, ({ decided }) => decided.vm),
          ),
          line(
            'Cloud Run',
            '--run',
            'line',
            countsOf(steps, ({ decided }) => decided.run),
          ),
        ]}
      />
      {isAll && (
        <TimeChart
          title="Oldest waiting job"
          note="The greatest age within each step."
          {...shared}
          {...durations}
          lines={[
            line(
              'for VMs',
              '--blue',
              'line',
              system(({ oldestMs }) => oldestMs.vm),
            ),
            line(
              'for Cloud Run',
              '--run',
              'line',
              system(({ oldestMs }) => oldestMs.run),
            ),
          ]}
        />
      )}
      {isAll && (
        <TimeChart
          title="Slots of VMs"
          note="Means of each step."
          {...shared}
          {...counts}
          lines={[
            line(
              'there',
              '--blue',
              'dashed',
              system(({ slots }) => slots),
            ),
            line(
              'at work',
              '--blue',
              'line',
              system(({ busy }) => busy),
            ),
            line(
              'instances of Cloud Run',
              '--run',
              'line',
              system(({ instances }) => instances),
            ),
          ]}
        />
      )}
      <TimeChart
        title="Dollars"
        note="List prices, in each step, without the VMs."
        {...shared}
        atLeast={0}
        format={formatDollars}
        lines={[
          line(
            'Cloud Run, measured',
            '--run',
            'line',
            countsOf(steps, ({ dollars }) => dollars.run),
          ),
          line(
            'Cloud Run, expected',
            '--run',
            'dashed',
            countsOf(steps, ({ dollars }) => dollars.predictedRun),
          ),
          line(
            'all on Cloud Run',
            '--ink-faint',
            'dashed',
            countsOf(steps, ({ dollars }) => dollars.allOnRun),
          ),
        ]}
      />
    </section>
  );
}

function line(
  label: string,
  colour: string,
  look: ChartLine['look'],
  values: ChartLine['values'],
): ChartLine {
  return { label, colour, look, values };
}

function keptShare({ classes }: MetricsPoint, of: 'interactive' | 'bulk'): number | null {
  const { kept, missed } = classes[of];
  return kept + missed === 0 ? null : kept / (kept + missed);
}

/** Milliseconds. */
const durationTicks = [
  ...[
    100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_200_000,
  ],
  ...[1_800_000, 3_600_000, 7_200_000, 14_400_000, 43_200_000, 86_400_000, 172_800_000],
];

const count = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });

function formatCount(value: number): string {
  return count.format(value);
}
