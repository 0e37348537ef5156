import type { MetricData } from '@opentelemetry/sdk-metrics';
import type { MetricName } from '@spillway/core/telemetry-metrics.ts';
import type { MetricsOutput, Origin } from '../ports/metrics.ts';

export interface MemoryMetrics extends MetricsOutput {
  /** What was written, the oldest first. */
  readonly written: readonly { metrics: readonly MetricData[]; origin: Origin | null }[];
  /** The value of a gauge that has one series, as it was written last. */
  latest(name: MetricName): number | undefined;
}

/** Metrics in this process's memory: for tests. */
export function createMemoryMetrics(): MemoryMetrics {
  const written: { metrics: readonly MetricData[]; origin: Origin | null }[] = [];
  return {
    written,
    latest(name) {
      const metric = written.at(-1)?.metrics.find(({ descriptor }) => descriptor.name === name);
      const value = metric?.dataPoints[0]?.value;
      return typeof value === 'number' ? value : undefined;
    },
    async write(metrics, origin) {
      written.push({ metrics, origin });
      return true;
    },
  };
}
