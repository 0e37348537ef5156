import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { emptyResource } from '@opentelemetry/resources';
import type { MetricData } from '@opentelemetry/sdk-metrics';
import { definitionOf, type MetricName, prometheusNameOf } from '@spillway/core/telemetry-metrics.ts';

/** @see https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format */
export const prometheusContentType = 'text/plain; version=0.0.4; charset=utf-8';

/** Metrics of the catalogue in the text format of Prometheus, which adds who it asked. */
export function prometheusText(metrics: readonly MetricData[]): string {
  if (metrics.length === 0) return '';
  const serializer = new PrometheusSerializer(undefined, false, undefined, true, true);
  const scope = { name: 'spillway' };
  return serializer.serialize({
    resource: emptyResource(),
    scopeMetrics: [{ scope, metrics: metrics.map(inPrometheusStyle) }],
  });
}

/** The unit is in the name. A line of its own for it belongs to another format. */
function inPrometheusStyle(metric: MetricData): MetricData {
  const name = metric.descriptor.name as MetricName;
  const { meaning } = definitionOf(name);
  return {
    ...metric,
    descriptor: { ...metric.descriptor, name: prometheusNameOf(name), description: meaning, unit: '' },
  };
}
