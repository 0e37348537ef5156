import { z } from 'zod';
import { ConfigError } from '../config-error.ts';

/**
 * The variables of OTLP that say where to send. The exporters read them themselves, and the other variables of the
 * standard.
 * @see https://opentelemetry.io/docs/specs/otel/protocol/exporter/
 */
export const otlpConfigShape = {
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url().optional(),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: z.url().optional(),
  OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: z.url().optional(),
  OTEL_EXPORTER_OTLP_PROTOCOL: z.string().optional(),
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: z.string().optional(),
  OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: z.string().optional(),
} as const;

const otlpConfigSchema = z.object(otlpConfigShape);
type OtlpConfig = z.infer<typeof otlpConfigSchema>;

/** Throws `ConfigError` where traces, or metrics, are to be sent by OTLP, and the variables do not say where or say another protocol. */
export function checkOtlp(what: 'TRACES' | 'METRICS', config: OtlpConfig): void {
  if (!(config[`OTEL_EXPORTER_OTLP_${what}_ENDPOINT`] ?? config.OTEL_EXPORTER_OTLP_ENDPOINT)) {
    throw new ConfigError(
      `SPILLWAY_${what} is otlp: set OTEL_EXPORTER_OTLP_ENDPOINT to the address of the collector, such as http://127.0.0.1:4318.`,
    );
  }
  const protocol = config[`OTEL_EXPORTER_OTLP_${what}_PROTOCOL`] ?? config.OTEL_EXPORTER_OTLP_PROTOCOL;
  if (protocol !== undefined && protocol !== 'http/protobuf') {
    throw new ConfigError(
      `The protocol of OTLP is set to ${protocol}, and Spillway speaks http/protobuf alone: remove OTEL_EXPORTER_OTLP_PROTOCOL, and name the collector's address for HTTP, usually port 4318.`,
    );
  }
}
