import { hash } from 'node:crypto';

/** W3C trace context: version, trace, parent and flags. @see https://www.w3.org/TR/trace-context/#traceparent-header */
const traceparent = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const sampledFlag = 1;

/** A point in a trace that others continue. */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  traceId: string;
  /** 16 hexadecimal digits. */
  spanId: string;
  /** Whether the spans of this trace are kept. */
  sampled: boolean;
}

/** A valid `traceparent` header as it was sent, else null. */
export function readTrace(header: unknown): string | null {
  return typeof header === 'string' && parseTrace(header) ? header : null;
}

/** The context of a `traceparent`; null where it is none, or has one of the values that the standard forbids. */
export function parseTrace(header: string | null): TraceContext | null {
  const [, version, traceId = '', spanId = '', flags = ''] = header?.match(traceparent) ?? [];
  if (version === undefined || version === 'ff' || /^0*$/.test(traceId) || /^0*$/.test(spanId)) return null;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & sampledFlag) !== 0 };
}

/** The `traceparent` of a context. */
export function formatTrace({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}

/**
 * The trace of an upload that came without one. A repeated event of the same object gives the same ids, so its spans
 * come into the same trace.
 */
export function traceOfObject(object: { bucket: string; name: string; generation: string }): {
  traceId: string;
  spanId: string;
} {
  const digits = hash('sha256', JSON.stringify(['trace', object.bucket, object.name, object.generation]));
  return { traceId: digits.slice(0, 32), spanId: digits.slice(32, 48) };
}
