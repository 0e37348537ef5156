import type { ExportResult } from '@opentelemetry/core';
import { ExportResultCode } from '@opentelemetry/core';
import {
  BatchSpanProcessor,
  type ReadableSpan,
  type SpanExporter,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import type { Log } from '../ports/ports.ts';

/** Spans that wait for their export or are on their way. About 1 kB each. */
const mostWaiting = 4_096;
/** An export that takes longer counts as failed. The exporters have a limit of their own that is shorter. Milliseconds. */
const exportTimeoutMs = 15_000;
/** While exports fail, this is said again after this time at the earliest, in milliseconds. */
const quietMs = 10 * 60_000;

export interface BoundedExport {
  processor: SpanProcessor;
  /** Whether the last export failed. */
  failing(): boolean;
  /** Spans that were dropped: no room was left, or their export failed. */
  dropped(): number;
}

/**
 * Exports spans in batches. An endpoint that is away, slow or wrong costs no more than spans and one line of the log:
 * `mostWaiting` bounds the memory, and what comes beyond it is dropped and counted.
 * @param where Where the spans go, as the log says it.
 * @param delayMs A batch is sent after this time at the latest, in milliseconds.
 */
export function exportBounded(
  exporter: SpanExporter,
  { where, delayMs, log }: { where: string; delayMs: number; log: Log },
): BoundedExport {
  let waiting = 0;
  let dropped = 0;
  let unsaid = 0;
  let failing = false;
  const underWay = new Set<Promise<void>>();
  let saidAt = Number.NEGATIVE_INFINITY;

  function drop(spans: number): void {
    dropped += spans;
    unsaid += spans;
  }

  function onFailed(spans: number, error: unknown): void {
    drop(spans);
    failing = true;
    if (performance.now() - saidAt < quietMs) return;
    saidAt = performance.now();
    log.warn(
      { error, dropped },
      `Traces cannot be written to ${where}. The work goes on without them; this is said again after ten minutes at the earliest.`,
    );
  }

  function onExported(): void {
    if (failing) log.info({ dropped: unsaid }, `Traces are written to ${where} again.`);
    failing = false;
    unsaid = 0;
  }

  const counted: SpanExporter = {
    export(spans, onResult) {
      const ended = Promise.withResolvers<void>();
      underWay.add(ended.promise);
      const settle = once((result: ExportResult) => {
        clearTimeout(limit);
        ended.resolve();
        underWay.delete(ended.promise);
        waiting -= spans.length;
        if (result.code === ExportResultCode.SUCCESS) onExported();
        else onFailed(spans.length, result.error);
        onResult(result);
      });
      const tooSlow = { code: ExportResultCode.FAILED, error: new Error('No answer came in time.') };
      const limit = setTimeout(settle, exportTimeoutMs, tooSlow);
      limit.unref();
      exporter.export(spans, settle);
    },
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
    shutdown: () => exporter.shutdown(),
  };
  const batches = new BatchSpanProcessor(counted, {
    maxQueueSize: mostWaiting,
    maxExportBatchSize: 512,
    scheduledDelayMillis: delayMs,
    // Never the first to give up.
    exportTimeoutMillis: 2 * exportTimeoutMs,
  });
  return {
    failing: () => failing,
    dropped: () => dropped,
    processor: {
      onStart: (span, parent) => batches.onStart(span, parent),
      onEnd(span: ReadableSpan) {
        if (waiting >= mostWaiting) return drop(1);
        waiting++;
        batches.onEnd(span);
      },
      async forceFlush() {
        // A batch whose time had come is on its way already.
        await Promise.all([batches.forceFlush(), ...underWay]);
      },
      shutdown: () => batches.shutdown(),
    },
  };
}

function once<Value>(action: (value: Value) => void): (value: Value) => void {
  let done = false;
  return (value) => {
    if (done) return;
    done = true;
    action(value);
  };
}
