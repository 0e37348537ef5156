import type { Job } from '@spillway/core/job.ts';
import type { SpanName } from '@spillway/core/spans.ts';
import { formatTrace, parseTrace, readTrace, traceOfObject } from '@spillway/core/trace.ts';
import type { FinalizedObject } from '@spillway/core/uploads.ts';
import { addSpan, type TracePorts, traceparentOf } from './telemetry/traced.ts';

/** The root of a trace, made by the site when it opens an upload session. */
export interface TracedSession {
  /** For the custom metadata of the object. */
  traceparent: string;
  /** The session is open. */
  opened(): void;
}

/** Begins the trace of an upload; null where this program makes none, so that routing does. */
export function traceSession({ tracing }: TracePorts): TracedSession | null {
  if (!tracing?.isOn) return null;
  const span = tracing.tracer.startSpan('upload' satisfies SpanName, { root: true });
  return { traceparent: traceparentOf(span), opened: () => span.end() };
}

/**
 * The `traceparent` that the jobs of an upload continue: that of its custom metadata, which the site and integrators
 * set; else that of its event; else one that is derived from the object, so that a repeated event has the same.
 *
 * The event's header is Cloud Run's own where nobody else has set one, and Cloud Run samples one request in ten seconds.
 * So `not sampled` in it says nothing of the upload, and our own share decides.
 * @see https://docs.cloud.google.com/run/docs/trace#trace_sampling_rate
 */
export function traceOfUpload(
  object: FinalizedObject,
  header: string | null,
  { tracing }: TracePorts,
): string {
  const sent = readTrace(object.metadata?.traceparent);
  if (sent) return sent;
  const requested = parseTrace(header);
  const ids = requested ?? traceOfObject(object);
  return formatTrace({ ...ids, sampled: requested?.sampled || (tracing?.keeps(ids.traceId) ?? false) });
}

/**
 * Traces how an upload came here: that its object was there, where its sender has not traced that, and its event.
 * @param receivedAt When the event came, in milliseconds since 1970 by this machine's clock.
 */
export function traceArrival(
  object: FinalizedObject,
  job: Job,
  receivedAt: number,
  { tracing }: TracePorts,
): void {
  const uploadedAt = Math.min(object.timeCreated.getTime(), receivedAt);
  const derived = traceOfObject(object);
  const trace = parseTrace(job.trace);
  if (trace?.traceId === derived.traceId && trace.spanId === derived.spanId) {
    tracing?.startRoot(derived, 'upload', { startTime: uploadedAt }).end(uploadedAt);
  } else if (!readTrace(object.metadata?.traceparent)) {
    addSpan('upload', job, uploadedAt, { tracing }, { startedAt: uploadedAt, ofAllJobs: true });
  }
  addSpan('event', job, receivedAt, { tracing }, { startedAt: uploadedAt, ofAllJobs: true });
}
