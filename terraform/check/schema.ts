import { z } from 'zod';
import { stampSchema } from './extract-file.ts';

/** `either`: it may be given, and is made by the provider where it is not. */
const usageSchema = z.enum(['required', 'optional', 'computed', 'either']);
/** As Terraform writes types in JSON: `"string"`, `["map", "string"]`. */
type Type = string | Type[] | { [field: string]: Type };
const typeSchema: z.ZodType<Type> = z.lazy(() =>
  z.union([z.string(), z.array(typeSchema), z.record(z.string(), typeSchema)]),
);

export interface Block {
  arguments: Record<string, [usage: z.infer<typeof usageSchema>, type: Type]>;
  blocks?: Record<string, NestedBlock> | undefined;
}
export interface NestedBlock extends Block {
  nesting: string;
  /** How many there have to be, and may be at most. */
  min?: number | undefined;
  max?: number | undefined;
}

const blockSchema: z.ZodType<Block> = z.lazy(() =>
  z.object({
    arguments: z.record(z.string(), z.tuple([usageSchema, typeSchema])),
    blocks: z.record(z.string(), nestedBlockSchema).optional(),
  }),
);
const nestedBlockSchema: z.ZodType<NestedBlock> = z.lazy(() =>
  z.object({
    nesting: z.string(),
    min: z.number().optional(),
    max: z.number().optional(),
    arguments: z.record(z.string(), z.tuple([usageSchema, typeSchema])),
    blocks: z.record(z.string(), nestedBlockSchema).optional(),
  }),
);

/** What the provider says of the resources and data sources that are used here, without its descriptions. */
export const schemaExtract = z.object({
  stamp: stampSchema,
  provider: blockSchema,
  data: z.record(z.string(), blockSchema),
  resources: z.record(z.string(), blockSchema),
});
export type Schema = Pick<z.infer<typeof schemaExtract>, 'provider' | 'data' | 'resources'>;

/** The parts of `terraform providers schema -json` that count. */
const providerBlockSchema: z.ZodType<ProviderBlock> = z.lazy(() =>
  z.object({
    attributes: z
      .record(
        z.string(),
        z.object({
          type: typeSchema.default('dynamic'),
          required: z.boolean().default(false),
          optional: z.boolean().default(false),
          computed: z.boolean().default(false),
        }),
      )
      .default({}),
    block_types: z
      .record(
        z.string(),
        z.object({
          nesting_mode: z.string(),
          block: providerBlockSchema,
          min_items: z.number().optional(),
          max_items: z.number().optional(),
        }),
      )
      .default({}),
  }),
);
interface ProviderBlock {
  attributes: Record<string, { type: Type; required: boolean; optional: boolean; computed: boolean }>;
  block_types: Record<
    string,
    {
      nesting_mode: string;
      block: ProviderBlock;
      min_items?: number | undefined;
      max_items?: number | undefined;
    }
  >;
}
const providersSchema = z.object({
  provider_schemas: z.record(
    z.string(),
    z.object({
      provider: z.object({ block: providerBlockSchema.prefault({}) }).prefault({}),
      resource_schemas: z.record(z.string(), z.object({ block: z.unknown() })).default({}),
      data_source_schemas: z.record(z.string(), z.object({ block: z.unknown() })).default({}),
    }),
  ),
});

/**
 * Takes from `terraform providers schema -json` what is said of some types.
 * @param provider The address of the provider whose settings are wanted too.
 * @param used Types of resources and of data sources.
 */
export function extractSchema(
  json: unknown,
  provider: string,
  used: { resources: readonly string[]; data: readonly string[] },
): Schema {
  const { provider_schemas } = providersSchema.parse(json);
  const settings = provider_schemas[provider]?.provider.block;
  if (!settings) throw new Error(`Terraform knows no provider ${provider}.`);
  // Terraform has a few resources of its own, which come as a provider's.
  const all = Object.values(provider_schemas);
  const pick = (kind: 'resource_schemas' | 'data_source_schemas', types: readonly string[]) =>
    Object.fromEntries(
      [...types].sort().map((type) => {
        const schema = all.map((each) => each[kind][type]).find((found) => found !== undefined);
        if (!schema) throw new Error(`No provider has ${type}.`);
        return [type, blockOf(providerBlockSchema.parse(schema.block))];
      }),
    );
  return {
    provider: blockOf(settings),
    data: pick('data_source_schemas', used.data),
    resources: pick('resource_schemas', used.resources),
  };
}

function blockOf({ attributes, block_types }: ProviderBlock): Block {
  const blocks = sorted(block_types).map(([name, { block, ...nested }]): [string, NestedBlock] => [
    name,
    {
      nesting: nested.nesting_mode,
      ...(nested.min_items ? { min: nested.min_items } : {}),
      ...(nested.max_items ? { max: nested.max_items } : {}),
      ...blockOf(block),
    },
  ]);
  return {
    arguments: Object.fromEntries(
      sorted(attributes).map(([name, { type, ...attribute }]) => [name, [usageOf(attribute), type]]),
    ),
    ...(blocks.length > 0 ? { blocks: Object.fromEntries(blocks) } : {}),
  };
}

function usageOf({ required, optional, computed }: Record<'required' | 'optional' | 'computed', boolean>) {
  if (required) return 'required';
  if (optional) return computed ? 'either' : 'optional';
  return 'computed';
}

const sorted = <Value>(entries: Record<string, Value>): [string, Value][] =>
  Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1));
