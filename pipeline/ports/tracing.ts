import type { Span, SpanOptions, Tracer } from '@opentelemetry/api';
import type { SpanName } from '@spillway/core/spans.ts';

/** What makes the spans of a program. */
export interface Tracing {
  /** False with `SPILLWAY_TRACES=off`: no span is kept, and none decides that others are. */
  isOn: boolean;
  tracer: Tracer;
  /** Whether a new trace with this id is kept, by the share that is. The same id has the same answer everywhere. */
  keeps(traceId: string): boolean;
  /** Starts the first span of a trace under ids that were derived, so that a repetition has the same. */
  startRoot(ids: { traceId: string; spanId: string }, name: SpanName, options: SpanOptions): Span;
}
