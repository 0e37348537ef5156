import { ExportResultCode } from '@opentelemetry/core';
import type { SpanExporter } from '@opentelemetry/sdk-trace-base';

/**
 * An exporter whose code is loaded with the first spans: a program that writes none, or writes them elsewhere, does without
 * the memory of its client.
 */
export function loadedAtFirstUse(load: () => Promise<SpanExporter>): SpanExporter {
  let loading: Promise<SpanExporter> | null = null;
  const loaded = () => {
    loading ??= load();
    return loading;
  };
  return {
    export(spans, onResult) {
      loaded().then(
        (exporter) => exporter.export(spans, onResult),
        (error: unknown) =>
          onResult({
            code: ExportResultCode.FAILED,
            error: error instanceof Error ? error : new Error(String(error)),
          }),
      );
    },
    forceFlush: async () => (await loading)?.forceFlush?.(),
    shutdown: async () => (await loading)?.shutdown(),
  };
}
