import type { Span, SpanOptions, Tracer } from '@opentelemetry/api';
import type { SpanName } from '@spillway/core/spans.ts';

/** What makes the spans of a program. With `SPILLWAY_TRACES=off` its spans are not kept, and pass their context on. */
export interface Tracing {
  tracer: Tracer;
  /** Starts the first span of a trace under ids that were derived, so that a repetition has the same. */
  startRoot(ids: { traceId: string; spanId: string }, name: SpanName, options: SpanOptions): Span;
}
