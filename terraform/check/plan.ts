import { z } from 'zod';
import { stampSchema } from './extract-file.ts';
import type { Block, Schema } from './schema.ts';

/** A value of a plan. What has no value, as a null or an empty list, is left out. */
export type Value = string | number | boolean | Later | Value[] | Values;
export interface Values {
  [name: string]: Value;
}
/** What is known only after applying, and what it is made from: `google_cloud_run_v2_service.worker.uri`. */
export interface Later {
  later: string[];
}

/** A resource as it would be created, or a data source as it would be read while applying. */
export interface Planned {
  /** `google_pubsub_topic.topics["jobs-vm"]` */
  address: string;
  type: string;
  values: Values;
}
export interface Plan {
  resources: readonly Planned[];
}

const laterSchema = z.strictObject({ later: z.array(z.string()) });
const valueSchema: z.ZodType<Value> = z.lazy(() =>
  z.union([z.string(), z.number(), z.boolean(), laterSchema, z.array(valueSchema), valuesSchema]),
);
const valuesSchema: z.ZodType<Values> = z.record(z.string(), valueSchema);

/** A plan of one choice of variables, as it is committed. */
export const planExtract = z.object({
  stamp: stampSchema,
  resources: z.array(z.object({ address: z.string(), type: z.string(), values: valuesSchema })),
});

export const isLater = (value: Value | undefined): value is Later => laterSchema.safeParse(value).success;

/** The parts of `terraform show -json` that count. */
const shownPlanSchema = z.object({
  resource_changes: z.array(
    z.object({
      address: z.string(),
      mode: z.enum(['managed', 'data']),
      type: z.string(),
      name: z.string(),
      /** Its key in `for_each`, or its number in `count`. */
      index: z.union([z.string(), z.number()]).optional(),
      change: z.object({
        after: z.record(z.string(), z.unknown()).nullable(),
        after_unknown: z.record(z.string(), z.unknown()).default({}),
      }),
    }),
  ),
  configuration: z.object({
    root_module: z.object({
      module_calls: z.never('All files are in one folder: policies read no modules.').optional(),
      resources: z.array(
        z.object({ mode: z.string(), type: z.string(), name: z.string(), expressions: z.unknown() }),
      ),
    }),
  }),
});

/** Labels that the provider adds to everything. */
const passedOver = new Set(['effective_labels', 'terraform_labels', 'timeouts']);

/** Reduces `terraform show -json` of a plan to what policies read. */
export function extractPlan(shown: unknown, schema: Schema): Planned[] {
  const { resource_changes, configuration } = shownPlanSchema.parse(shown);
  const addresses = new Set(resource_changes.map(({ address }) => address));
  return resource_changes.map(({ address, mode, type, name, index, change }) => {
    const configured = configuration.root_module.resources.find(
      (each) => each.mode === mode && each.type === type && each.name === name,
    );
    const block = schema[mode === 'data' ? 'data' : 'resources'][type];
    if (!block) throw new Error(`There is no schema for ${type}.`);
    const values = valuesOf(change.after ?? {}, change.after_unknown, configured?.expressions, block);
    return { address, type, values: index === undefined ? values : withKey(values, index, addresses) };
  });
}

function valuesOf(after: object, unknown: object, expressions: unknown, block: Block): Values {
  const names = [...new Set([...Object.keys(after), ...Object.keys(unknown)])].sort();
  return Object.fromEntries(
    names.flatMap((name): [string, Value][] => {
      if (passedOver.has(name)) return [];
      const inner = block.blocks?.[name];
      const value = inner
        ? blocksOf(field(after, name), field(unknown, name), field(expressions, name), inner)
        : argumentOf(field(after, name), field(unknown, name), field(expressions, name), block, name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function blocksOf(after: unknown, unknown: unknown, expressions: unknown, block: Block): Value | undefined {
  const list = asList(after).map((each, at) => {
    const configured = Array.isArray(expressions) ? (expressions[at] ?? expressions[0]) : expressions;
    return valuesOf(asObject(each), asObject(asList(unknown)[at]), configured, block);
  });
  return list.length === 0 ? undefined : list;
}

function argumentOf(
  after: unknown,
  unknown: unknown,
  expression: unknown,
  block: Block,
  name: string,
): Value | undefined {
  if (unknown !== true) return known(after);
  const references = z.object({ references: z.array(z.string()) }).safeParse(expression).data?.references;
  if (references) return { later: mostSpecific(references) };
  // What the provider makes by itself says nothing. Terraform does not say what a dynamic block is made from.
  const usage = block.arguments[name]?.[0];
  return usage === 'required' || usage === 'optional' ? { later: [] } : undefined;
}

/** Terraform lists `a.b.c`, and after it `a.b` and `a`. */
function mostSpecific(references: string[]): string[] {
  const isPartOf = (each: string) => (other: string) =>
    other.startsWith(`${each}.`) || other.startsWith(`${each}[`);
  return references.filter((each) => !references.some(isPartOf(each)));
}

/**
 * Puts a resource's own key where it refers to another resource by `each.key`, or by the `each.value` of a set, which is
 * the key as well.
 * @param addresses Of all resources: a map's `each.value` is no key, and no resource has an address with it.
 */
function withKey<Part extends Value>(value: Part, key: string | number, addresses: ReadonlySet<string>): Part;
function withKey(value: Value, key: string | number, addresses: ReadonlySet<string>): Value {
  if (typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((each) => withKey(each, key, addresses));
  if (!isLater(value)) {
    const entries = Object.entries(value).map(([name, each]) => [name, withKey(each, key, addresses)]);
    return Object.fromEntries(entries);
  }
  if (!value.later.some((reference) => /^each\.(key|value)$/.test(reference))) return value;
  return {
    later: value.later.map((reference) => {
      const address = `${reference}["${key}"]`;
      return addresses.has(address) ? address : reference;
    }),
  };
}

function known(value: unknown): Value | undefined {
  if (value === null || value === undefined) return undefined;
  if (Array.isArray(value)) {
    const list = value.map(known).filter((each) => each !== undefined);
    return list.length === 0 ? undefined : list;
  }
  if (typeof value !== 'object') return valueSchema.parse(value);
  const entries = Object.entries(value).flatMap(([name, each]): [string, Value][] => {
    const inner = known(each);
    return inner === undefined ? [] : [[name, inner]];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

const asList = (value: unknown): unknown[] =>
  Array.isArray(value) ? value : value === null || value === undefined || value === true ? [] : [value];
const asObject = (value: unknown): object => (value !== null && typeof value === 'object' ? value : {});
const field = (value: unknown, name: string): unknown => (asObject(value) as Record<string, unknown>)[name];
