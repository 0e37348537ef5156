import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const attributesSchema = z
  .array(
    z.object({
      key: z.string(),
      value: z.object({ stringValue: z.string().optional(), intValue: z.coerce.number().optional() }),
    }),
  )
  .default([])
  .transform((pairs) =>
    Object.fromEntries(pairs.map(({ key, value }) => [key, value.stringValue ?? value.intValue])),
  );

const spanSchema = z.object({
  name: z.string(),
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().default(''),
  /** Nanoseconds since 1970. */
  startTimeUnixNano: z.coerce.bigint(),
  endTimeUnixNano: z.coerce.bigint(),
  attributes: attributesSchema,
  links: z.array(z.object({ traceId: z.string(), spanId: z.string() })).default([]),
  status: z.object({ code: z.number().optional(), message: z.string().optional() }).default({}),
});

const requestSchema = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes: attributesSchema }),
      scopeSpans: z.array(z.object({ spans: z.array(spanSchema) })),
    }),
  ),
});

/** A span as a file of traces has it, and the `service.name` of the program that made it. */
export type FoundSpan = z.infer<typeof spanSchema> & { service: string };

/** All spans in a folder of traces. A line that is not yet complete is left out. */
export async function readSpans(folder: string): Promise<FoundSpan[]> {
  const names = await readdir(folder).catch(() => []);
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  const lines = texts.flatMap((text) => text.split('\n').slice(0, -1));
  return lines.flatMap((line) =>
    requestSchema
      .parse(JSON.parse(line))
      .resourceSpans.flatMap(({ resource, scopeSpans }) =>
        scopeSpans.flatMap(({ spans }) =>
          spans.map((span) => ({ ...span, service: String(resource.attributes['service.name']) })),
        ),
      ),
  );
}

/** Each span's name after those that it is below: `deliver > store`. A parent that nobody has found is `?`. */
export function pathsOf(spans: FoundSpan[]): string[] {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const pathOf = ({ name, parentSpanId }: FoundSpan): string => {
    if (parentSpanId === '') return name;
    const parent = byId.get(parentSpanId);
    return `${parent ? pathOf(parent) : '?'} > ${name}`;
  };
  return spans.map(pathOf).sort();
}
