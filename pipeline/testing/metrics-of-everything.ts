import type { MetricData } from '@opentelemetry/sdk-metrics';
import { type MetricName, metricCatalogue, metricNames, valuesOf } from '@spillway/core/telemetry-metrics.ts';
import type { Instruments } from '../ports/instruments.ts';
import { type Gauge, gaugeMetrics } from '../telemetry/gauges.ts';
import { createMeter } from '../telemetry/meter.ts';

type Labels = Record<string, string>;

/** Metrics after everything was told that the catalogue has, with every value of every label in turn. */
export async function metricsOfEverything(at: Date = new Date()): Promise<MetricData[]> {
  const { instruments, read } = createMeter();
  const gauges: Gauge[] = [];
  for (const name of metricNames) {
    for (const labels of someLabels(name)) tell(name, labels, instruments, gauges);
  }
  return [...(await read()), ...gaugeMetrics(gauges, at)];
}

/** Enough combinations that each value occurs. */
function someLabels(name: MetricName): Labels[] {
  const values = Object.entries(metricCatalogue[name].labels).map(
    ([label, each]) => [label, valuesOf(each)] as const,
  );
  const most = Math.max(1, ...values.map(([, each]) => each.length));
  return Array.from({ length: most }, (_, at) =>
    Object.fromEntries(values.map(([label, each]) => [label, each[at % each.length] ?? ''])),
  );
}

/** The labels are those of the metric, which no type can say of all metrics at once. */
function tell(name: MetricName, labels: Labels, instruments: Instruments, gauges: Gauge[]): void {
  const definition = metricCatalogue[name];
  switch (definition.kind) {
    case 'counter':
      instruments.count(name as 'spillway.dead_letters', labels as { kind: 'message' });
      break;
    case 'histogram':
      for (const value of [0, ...definition.buckets, 1e9]) {
        instruments.observe(name as 'spillway.job.run', labels as { operation: string; target: 'vm' }, value);
      }
      break;
    case 'gauge':
      gauges.push({ name: name as 'spillway.passed_over', labels, value: 0.5 });
      break;
    default:
      definition satisfies never;
  }
}
