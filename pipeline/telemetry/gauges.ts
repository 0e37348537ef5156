import { ValueType } from '@opentelemetry/api';
import { AggregationTemporality, DataPointType, type MetricData } from '@opentelemetry/sdk-metrics';
import {
  boundedLabels,
  definitionOf,
  type LabelsOf,
  type MetricsOf,
} from '@spillway/core/telemetry-metrics.ts';

type GaugeName = MetricsOf<{ kind: 'gauge' }>;

/** One value of a gauge of the system, as it is now. */
export type Gauge = {
  [Name in GaugeName]: { readonly name: Name; readonly labels: LabelsOf<Name>; readonly value: number };
}[GaugeName];

/** Gauges as metrics that can be written and shown. */
export function gaugeMetrics(gauges: readonly Gauge[], at: Date): MetricData[] {
  const time: [number, number] = [Math.floor(at.getTime() / 1_000), (at.getTime() % 1_000) * 1e6];
  return [...Map.groupBy(gauges, ({ name }) => name)].map(([name, values]) => {
    const { meaning, unit } = definitionOf(name);
    return {
      descriptor: { name, description: meaning, unit, valueType: ValueType.DOUBLE },
      aggregationTemporality: AggregationTemporality.CUMULATIVE,
      dataPointType: DataPointType.GAUGE,
      dataPoints: values.map((gauge) => ({
        startTime: time,
        endTime: time,
        attributes: boundedLabels(gauge.name, gauge.labels),
        value: gauge.value,
      })),
    };
  });
}
