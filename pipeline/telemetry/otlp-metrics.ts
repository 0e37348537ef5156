import { ExportResultCode } from '@opentelemetry/core';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { PushMetricExporter, ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { ATTR_SERVICE_NAME } from '@opentelemetry/semantic-conventions';
import { messageOf, OutageError } from '@spillway/core/errors.ts';
import type { MetricsService } from '../ports/metrics.ts';
import { instanceAttribute } from './instance-attribute.ts';

/** An export that takes longer is given up, retries included: the next one has all that this one had. Milliseconds. */
const patienceMs = 5_000;

export interface OtlpMetrics extends MetricsService {
  close(): Promise<void>;
}

/**
 * An endpoint of OTLP. The exporter reads the standard's variables `OTEL_EXPORTER_OTLP_*` itself. It is loaded at the
 * first call, because no start should wait for it.
 * @param longestMs Milliseconds after which a write is given up.
 */
export function createOtlpMetrics(longestMs: number = patienceMs): OtlpMetrics {
  let opening: Promise<PushMetricExporter> | null = null;

  function exporter(): Promise<PushMetricExporter> {
    opening ??= openExporter(longestMs);
    return opening;
  }

  return {
    async write(metrics, origin) {
      const resource = resourceFromAttributes({
        [ATTR_SERVICE_NAME]: origin?.program ?? 'spillway',
        ...(origin ? { [instanceAttribute]: origin.instance } : {}),
      });
      const scopeMetrics = [{ scope: { name: 'spillway' }, metrics: [...metrics] }];
      await send({ resource, scopeMetrics }, await exporter(), longestMs);
    },
    async close() {
      // It would wait for exports that were given up long ago.
      void (await opening)?.shutdown().catch(() => {});
    },
  };
}

async function openExporter(longestMs: number): Promise<PushMetricExporter> {
  const { OTLPMetricExporter } = await import('@opentelemetry/exporter-metrics-otlp-proto');
  return new OTLPMetricExporter({ timeoutMillis: longestMs });
}

/** The exporter's own time limit begins again with every byte of an answer. */
function send(metrics: ResourceMetrics, exporter: PushMetricExporter, longestMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(
      () => reject(refusedBy(`no whole answer within ${longestMs / 1_000} s`)),
      longestMs + 500,
    );
    exporter.export(metrics, ({ code, error }) => {
      clearTimeout(late);
      if (code === ExportResultCode.SUCCESS) resolve();
      else reject(refusedBy(reasonOf(error), error));
    });
  });
}

function refusedBy(why: string, cause?: unknown): OutageError {
  return new OutageError(`The OTLP endpoint did not take metrics: ${why}.`, { cause });
}

/** An answer may have a status without words. */
function reasonOf(error: Error | undefined): string {
  const words = error && messageOf(error);
  const code = error && 'code' in error ? ` (${String(error.code)})` : '';
  return `${words || 'it does not say why'}${code}`;
}
