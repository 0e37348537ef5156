import { z } from 'zod';
import { modelKinds } from '../models.ts';
import { pictureFormats, pictureTypeNames } from '../picture-types.ts';
import { operationNameForm } from './operation.ts';

/** The data of manifests, apart from their check: pages read what the API sends of them, and check none. */

/** First folders of object names that mean something else. */
const reservedNames: ReadonlySet<string> = new Set(['web', 'gcloud', 'gsutil']);

const words = z.string().trim().min(1).max(200);
const positiveMs = z
  .number()
  .positive()
  .max(31 * 24 * 3_600_000);
export const ms = positiveMs.or(z.literal(0));

export const pictureProductSchema = z.strictObject({
  kind: z.literal('picture'),
  formats: z.array(z.enum(pictureFormats)).min(1),
  transparentWhen: z.record(z.string(), z.unknown()).optional(),
});
const jsonTableSchema = z.strictObject({
  key: z.string().min(1),
  title: words,
  columns: z
    .array(
      z.strictObject({
        key: z.string().min(1),
        label: words,
        digits: z.int().min(0).max(10).optional(),
        hint: words.optional(),
      }),
    )
    .min(1),
});
export const shownJsonSchema = z.strictObject({
  kind: z.literal('json'),
  headline: z.string().min(1).optional(),
  tables: z.array(jsonTableSchema).optional(),
});
export const textProductSchema = z.strictObject({ kind: z.literal('text') });

const ownName = operationNameForm.refine(
  (name) => !reservedNames.has(name),
  'means something else in object names',
);
const svgPath = /^[MmLlHhVvCcSsQqTtAaZz0-9eE\s.,+-]+$/;

/** What of a manifest is data. */
export const manifestData = {
  name: ownName,
  words: z.strictObject({ label: words, description: words, activity: words, result: words }),
  icon: z.string().min(1).max(2_000).regex(svgPath, 'is not the path of an SVG drawing'),
  accepts: z.array(z.enum(pictureTypeNames)).min(1),
  advancedOptions: z.array(z.string()).optional(),
  model: z.enum(modelKinds).nullable(),
  objectiveMs: z.strictObject({ interactive: positiveMs, bulk: positiveMs.optional() }),
  priorServiceMs: z
    .strictObject({ fixed: ms, perMegapixel: ms })
    .refine(({ fixed, perMegapixel }) => fixed + perMegapixel > 0, 'says that a job takes no time'),
};

/** A manifest as the API sends it: the options are a JSON Schema. */
export const manifestViewSchema = z.object({
  ...manifestData,
  produces: z.discriminatedUnion('kind', [pictureProductSchema, shownJsonSchema, textProductSchema]),
  options: z.record(z.string(), z.unknown()),
});
export type ManifestView = z.infer<typeof manifestViewSchema>;
