import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import type { SpanExporter } from '@opentelemetry/sdk-trace-base';
import { GoogleAuth } from 'google-auth-library';

/** Google's endpoint for OTLP. @see https://docs.cloud.google.com/stackdriver/docs/reference/telemetry/v1.traces.post */
const endpoint = 'https://telemetry.googleapis.com/v1/traces';
const scope = 'https://www.googleapis.com/auth/trace.append';

/**
 * Sends spans to Cloud Trace without a collector, with the credentials of this program.
 * @param url Another endpoint, for tests.
 */
export function createCloudExporter(url = endpoint): SpanExporter {
  const auth = new GoogleAuth({ scopes: scope });
  return new OTLPTraceExporter({
    url,
    async headers() {
      // Must not throw. Without credentials the endpoint refuses the batch, which is then said.
      const headers = await auth.getRequestHeaders(url).catch(() => new Headers());
      return Object.fromEntries(headers);
    },
  });
}
