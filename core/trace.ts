/** W3C trace context: version, trace, parent and flags. @see https://www.w3.org/TR/trace-context/#traceparent-header */
const traceparent = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** A valid `traceparent` header as it was sent, else null. */
export function readTrace(header: unknown): string | null {
  return typeof header === 'string' && traceparent.test(header) ? header : null;
}
