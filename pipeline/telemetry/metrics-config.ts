import { z } from 'zod';
import { checkOtlp, otlpConfigShape } from './otlp-config.ts';

/** The part of a program's environment that says where its metrics go. */
export const metricsConfigShape = {
  /**
   * `cloud`: to Cloud Monitoring, which takes the role roles/monitoring.metricWriter. `otlp`: to
   * `OTEL_EXPORTER_OTLP_ENDPOINT`. Whatever it says, a program that has a place for it answers `/metrics`.
   */
  SPILLWAY_METRICS: z.enum(['off', 'cloud', 'otlp']).default('off'),
  /** Host and port of a stand-in for Cloud Monitoring, without TLS. */
  MONITORING_EMULATOR_HOST: z.string().min(1).optional(),
} as const;

const metricsConfigSchema = z.object({ ...metricsConfigShape, ...otlpConfigShape });
type MetricsConfig = z.infer<typeof metricsConfigSchema>;

/** Where metrics are sent to. Throws where the variables contradict each other. */
export function metricsDestination(config: MetricsConfig): MetricsConfig['SPILLWAY_METRICS'] {
  if (config.SPILLWAY_METRICS === 'otlp') checkOtlp('METRICS', config);
  return config.SPILLWAY_METRICS;
}
