import type { LabelsOf, MetricsOf } from '@spillway/core/telemetry-metrics.ts';

export type CounterName = MetricsOf<{ kind: 'counter' }>;
export type HistogramName = MetricsOf<{ kind: 'histogram' }>;

/**
 * What the use cases tell of what they do, as metrics of this process. A fact is told once, by the code that has just
 * made it true: after the write that ends a job, and not for a message that comes again. Neither method ever throws.
 */
export interface Instruments {
  /** One more. */
  count<Name extends CounterName>(name: Name, labels: LabelsOf<Name>): void;
  /** @param value In the metric's unit. */
  observe<Name extends HistogramName>(name: Name, labels: LabelsOf<Name>, value: number): void;
}
