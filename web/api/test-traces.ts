export const traceId = '0af7651916cd43dd8448eb211c80319c';

interface TestSpan {
  name: string;
  spanId?: string;
  parentSpanId?: string;
  traceId?: string;
  /** Milliseconds since 1970, unless the field itself is given. */
  startMs?: number;
  endMs?: number;
  startTimeUnixNano?: unknown;
  job?: string;
  attributes?: Record<string, string | number>;
  status?: { code: number; message?: string };
}

let made = 0;

/** One line of an OTLP file, in the form that OpenTelemetry's own serializer gives it. */
export function spanLine(spans: TestSpan[], service = 'route', instance = 'route-1'): string {
  const request = {
    resourceSpans: [
      {
        resource: {
          attributes: attributesOf({ 'service.name': service, 'service.instance.id': instance }),
          droppedAttributesCount: 0,
        },
        scopeSpans: [{ scope: { name: 'spillway' }, spans: spans.map(spanOf) }],
      },
    ],
  };
  return `${JSON.stringify(request)}\n`;
}

function spanOf({ startMs = 0, endMs = startMs, job, attributes = {}, ...span }: TestSpan): object {
  return {
    traceId,
    spanId: (++made).toString(16).padStart(16, '0'),
    kind: 1,
    startTimeUnixNano: `${startMs}000000`,
    endTimeUnixNano: `${endMs}000000`,
    attributes: attributesOf(job === undefined ? attributes : { 'spillway.job.id': job, ...attributes }),
    droppedAttributesCount: 0,
    events: [],
    status: { code: 0 },
    links: [],
    flags: 257,
    ...span,
  };
}

function attributesOf(values: Record<string, string | number>): object[] {
  return Object.entries(values).map(([key, value]) => ({
    key,
    value: typeof value === 'number' ? { intValue: value } : { stringValue: value },
  }));
}
