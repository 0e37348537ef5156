import { isSpanContextValid, TraceFlags, trace } from '@opentelemetry/api';
import { readTrace } from '@spillway/core/trace.ts';

/** Where a line belongs in a trace, as Cloud Logging wants it. */
type TraceFields = Record<`logging.googleapis.com/${string}`, string | boolean>;

/**
 * The trace that a line is shown with: the job's, else that of the work under way. The span is the one under way, where
 * it belongs to that trace.
 * @param traceparent The job's, as W3C writes it; null where it has none.
 * @param project The project whose Cloud Trace keeps it; null if that is not known.
 * @see https://cloud.google.com/logging/docs/structured-logging#structured_logging_special_fields
 */
export function traceFields(traceparent: unknown, project: string | null): TraceFields {
  const active = trace.getActiveSpan()?.spanContext();
  const underWay = active && isSpanContextValid(active) ? active : null;
  const [, traceId, spanId, flags] = readTrace(traceparent)?.split('-') ?? [];
  const ofJobs =
    traceId && spanId && flags ? { traceId, spanId, traceFlags: Number.parseInt(flags, 16) } : null;
  const shown = ofJobs === null || ofJobs.traceId === underWay?.traceId ? underWay : ofJobs;
  if (shown === null) return {};
  return {
    'logging.googleapis.com/trace':
      project === null ? shown.traceId : `projects/${project}/traces/${shown.traceId}`,
    'logging.googleapis.com/spanId': shown.spanId,
    'logging.googleapis.com/trace_sampled': (shown.traceFlags & TraceFlags.SAMPLED) !== 0,
  };
}
