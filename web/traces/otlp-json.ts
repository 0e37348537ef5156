import { spanAttributes } from '@spillway/core/spans.ts';
import { z } from 'zod';

/** A span as a file has it. Instants are milliseconds since 1970 with fractions. */
export interface RecordedSpan {
  id: string;
  traceId: string;
  parent: string | null;
  name: string;
  /** The job that it is about; null where it does not say. */
  job: string | null;
  service: string | null;
  instance: string | null;
  startMs: number;
  endMs: number;
  error: string | null;
  attributes: Record<string, string>;
  events: { name: string; atMs: number }[];
}

/** Most characters of a name, an attribute's value or an error's message that are kept. */
const mostCharacters = 500;
/** Most attributes, and most events, of a span that are kept. */
const mostParts = 50;
const statusError = 2;

/** @see https://opentelemetry.io/docs/specs/semconv/resource/ */
const named = { service: 'service.name', instance: 'service.instance.id', job: spanAttributes.jobId };

const text = z.string().transform((value) => value.slice(0, mostCharacters));
/** Nanoseconds since 1970. As a number it has lost some digits, which milliseconds do not need. */
const nanoseconds = z
  .union([z.string().regex(/^\d{1,20}$/), z.number().min(0)])
  .transform((value) => Number(value) / 1_000_000);

const anyValue = z
  .object({
    stringValue: z.string(),
    boolValue: z.boolean(),
    intValue: z.union([z.number(), z.string()]),
    doubleValue: z.number(),
  })
  .partial()
  .loose();

const attributes = z
  .array(z.object({ key: text, value: anyValue }))
  .default([])
  .transform((list) =>
    Object.fromEntries(list.slice(0, mostParts).map(({ key, value }) => [key, textOf(value)])),
  );

const spanSchema = z.object({
  traceId: z.string(),
  spanId: z.string().min(1).max(64),
  parentSpanId: z.string().max(64).optional(),
  name: text,
  startTimeUnixNano: nanoseconds,
  endTimeUnixNano: nanoseconds,
  attributes,
  events: z.array(z.object({ name: text, timeUnixNano: nanoseconds })).default([]),
  status: z.object({ code: z.number().default(0), message: text.default('') }).optional(),
});

/**
 * OpenTelemetry's `ExportTraceServiceRequest` in JSON, as far as a waterfall needs it.
 * @see https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 */
const requestSchema = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes }).default({ attributes: {} }),
      scopeSpans: z.array(z.object({ spans: z.array(z.unknown()) })).default([]),
    }),
  ),
});

/** The spans of one trace on a line of an OTLP file; null where the line is not one. A span that is none is left out. */
export function readTraceLine(line: string, traceId: string): RecordedSpan[] | null {
  const request = requestSchema.safeParse(jsonOf(line));
  if (!request.success) return null;
  return request.data.resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.flatMap((each) => {
        const span = spanSchema.safeParse(each);
        return span.success && span.data.traceId === traceId
          ? [recorded(span.data, resource.attributes)]
          : [];
      }),
    ),
  );
}

function recorded(span: z.infer<typeof spanSchema>, resource: Record<string, string>): RecordedSpan {
  return {
    id: span.spanId,
    traceId: span.traceId,
    parent: span.parentSpanId || null,
    name: span.name,
    job: span.attributes[named.job] ?? null,
    service: resource[named.service] ?? null,
    instance: resource[named.instance] ?? null,
    startMs: span.startTimeUnixNano,
    endMs: Math.max(span.startTimeUnixNano, span.endTimeUnixNano),
    error: span.status?.code === statusError ? span.status.message : null,
    attributes: span.attributes,
    events: span.events.slice(0, mostParts).map(({ name, timeUnixNano: atMs }) => ({ name, atMs })),
  };
}

function textOf({
  stringValue,
  boolValue,
  intValue,
  doubleValue,
  ...other
}: z.infer<typeof anyValue>): string {
  const value = stringValue ?? boolValue ?? intValue ?? doubleValue;
  return (value === undefined ? JSON.stringify(other) : String(value)).slice(0, mostCharacters);
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // The end of a file may be half a line: its writer is at it, or was killed.
    return undefined;
  }
}
