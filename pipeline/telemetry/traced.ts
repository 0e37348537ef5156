import {
  type Attributes,
  type Context,
  context,
  type Link,
  ROOT_CONTEXT,
  type Span,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import type { Job } from '@spillway/core/job.ts';
import { type SpanName, spanAttributes } from '@spillway/core/spans.ts';
import type { Steps } from '@spillway/core/steps.ts';
import { formatTrace, parseTrace } from '@spillway/core/trace.ts';
import type { Tracing } from '../ports/tracing.ts';

/** What a span has to know of its job. */
export type TracedJob = Pick<Job, 'id' | 'operation' | 'trace'>;

/** `tracing` is null where nothing is traced, as in the simulator. */
export interface TracePorts {
  tracing: Tracing | null;
}

export interface SpanDetails {
  attributes?: Attributes;
  links?: Link[];
  /** Milliseconds since 1970 by this machine's clock. Default: now. */
  startedAt?: number;
  /** What has happened to all jobs of an upload: the span then names none of them. */
  ofAllJobs?: boolean;
}

const noSpan = trace.wrapSpanContext({ traceId: '', spanId: '', traceFlags: TraceFlags.NONE });

/**
 * Runs steps within a span of their job's trace: below the span that is active, where that is of the same trace, else
 * below the context in the job's document. A job without a trace is not traced.
 * @example const source = yield* traced('download', job, () => downloadSource(attempt), ports);
 */
export function traced<Result>(
  name: SpanName,
  job: TracedJob,
  work: (span: Span) => Steps<Result>,
  ports: TracePorts,
  details: SpanDetails = {},
): Steps<Result> {
  const { tracing } = ports;
  const parent = tracing && contextOf(job);
  if (!tracing || !parent) return work(noSpan);
  const span = startSpan(tracing, name, job, parent, details);
  return ended(span, inContext(trace.setSpan(parent, span), work(span)));
}

/**
 * Runs steps that have nothing to do with the span that happens to be active: a loop goes on with the next job from within
 * the work on another, which may be of the same trace.
 */
export function outsideSpans<Result>(work: Steps<Result>): Steps<Result> {
  return inContext(ROOT_CONTEXT, work);
}

/** Adds a span that is over to the job's trace. Milliseconds since 1970 by this machine's clock. */
export function addSpan(
  name: SpanName,
  job: TracedJob,
  endedAt: number,
  { tracing }: TracePorts,
  details: SpanDetails,
): void {
  const parent = tracing && contextOf(job);
  if (tracing && parent) startSpan(tracing, name, job, parent, details).end(endedAt);
}

/** The `traceparent` for those who continue the job's trace from here: below the active span, where it is kept. */
export function traceFromHere(job: TracedJob): string | null {
  const active = trace.getSpan(contextOf(job) ?? ROOT_CONTEXT);
  return active?.isRecording() ? traceparentOf(active) : job.trace;
}

/** The `traceparent` of the span that is active, for what is asked of another program from here; null for none. */
export function activeTraceparent(): string | null {
  const active = trace.getActiveSpan();
  return active?.isRecording() ? traceparentOf(active) : null;
}

export function traceparentOf(span: Span): string {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return formatTrace({ traceId, spanId, sampled: (traceFlags & TraceFlags.SAMPLED) !== 0 });
}

/** A link to the span whose `traceparent` came with a message; none where there is no valid one. */
export function linksTo(traceparent: string | null): Link[] {
  const parsed = parseTrace(traceparent);
  return parsed ? [{ context: spanContextOf(parsed) }] : [];
}

/** @param why A code: a sentence may quote what is secret. */
export function markFailed(span: Span, why: string): void {
  span.setStatus({ code: SpanStatusCode.ERROR, message: why });
}

/** The code of an error, else the name of its class. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

function startSpan(
  { tracer }: Tracing,
  name: SpanName,
  { id, operation }: TracedJob,
  parent: Context,
  { attributes, links, startedAt, ofAllJobs = false }: SpanDetails,
): Span {
  const ofJob = ofAllJobs ? {} : { [spanAttributes.jobId]: id, [spanAttributes.operation]: operation };
  return tracer.startSpan(
    name,
    {
      attributes: { ...ofJob, ...attributes },
      ...(links ? { links } : {}),
      ...(startedAt === undefined ? {} : { startTime: startedAt }),
    },
    parent,
  );
}

/** Null for a job without a trace. */
function contextOf(job: TracedJob): Context | null {
  const own = parseTrace(job.trace);
  if (!own) return null;
  const active = context.active();
  if (trace.getSpanContext(active)?.traceId === own.traceId) return active;
  return trace.setSpanContext(ROOT_CONTEXT, spanContextOf(own));
}

function spanContextOf({ traceId, spanId, sampled }: NonNullable<ReturnType<typeof parseTrace>>) {
  return {
    traceId,
    spanId,
    traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote: true,
  };
}

function* ended<Result>(span: Span, work: Steps<Result>): Steps<Result> {
  try {
    return yield* work;
  } catch (error) {
    markFailed(span, codeOf(error));
    throw error;
  } finally {
    span.end();
  }
}

/** The context is active while the steps run, and not while they wait: many use cases wait at the same time. */
function* inContext<Result>(active: Context, steps: Steps<Result>): Steps<Result> {
  let step = context.with(active, () => steps.next());
  while (!step.done) {
    let resume: () => typeof step;
    try {
      const answer = yield step.value;
      resume = () => steps.next(answer);
    } catch (error) {
      resume = () => steps.throw(error);
    }
    step = context.with(active, resume);
  }
  return step.value;
}
