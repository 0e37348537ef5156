import { z } from 'zod';
import { messageOf } from '../errors.ts';
import { pictureFormats } from '../picture-types.ts';
import {
  manifestData,
  manifestViewSchema,
  ms,
  pictureProductSchema,
  shownJsonSchema,
  textProductSchema,
} from './manifest-view.ts';
import type { OperationManifest } from './operation.ts';

const serviceCost = z.strictObject({ fixedMs: ms, perMegapixelMs: ms, sigma: z.number().min(0).max(3) });
const jsonProductSchema = shownJsonSchema.extend({
  schema: z.custom<z.ZodType>((value) => value instanceof z.ZodType, 'is not a zod schema').optional(),
});
const productSchema = z.discriminatedUnion('kind', [
  pictureProductSchema,
  jsonProductSchema,
  textProductSchema,
]);

const optionsSchema = z
  .custom<z.ZodObject>((value) => value instanceof z.ZodObject, 'is not a schema made with z.strictObject')
  .superRefine((options, context) => {
    const problem = optionsProblem(options);
    if (problem) context.addIssue({ code: 'custom', message: problem });
  });

/** What the API sends of a manifest. What JSON Schema cannot say of the options, such as 'odd', is left out. */
export function viewOf(manifest: OperationManifest): z.input<typeof manifestViewSchema> {
  const { implementation: _implementation, simulated: _simulated, produces, options, ...data } = manifest;
  const { schema: _schema, ...shown } = { schema: undefined, ...produces };
  return manifestViewSchema.parse({
    ...data,
    produces: shown,
    options: z.toJSONSchema(options, { io: 'input', unrepresentable: 'any' }),
  });
}

/** Checks a manifest of any origin. Throws a `ZodError` that names every field that is wrong. */
export function parseManifest(value: unknown): OperationManifest {
  manifestSchema.parse(value);
  // The value itself: zod's copy of it would have lost nothing but the exact types.
  return value as OperationManifest;
}

const manifestSchema = z
  .strictObject({
    ...manifestData,
    produces: productSchema,
    options: optionsSchema,
    simulated: z.strictObject({ vm: serviceCost, run: serviceCost, share: z.number().min(0) }).optional(),
    implementation: z.instanceof(URL).optional(),
  })
  .superRefine(({ options, advancedOptions = [], produces }, context) => {
    const keys = Object.keys(options.shape);
    const unknown = advancedOptions.filter((key) => !keys.includes(key));
    if (unknown.length > 0) {
      const message = `names no option: ${unknown.join(', ')}`;
      context.addIssue({ code: 'custom', path: ['advancedOptions'], message });
    }
    const problem = formatProblem(options, produces);
    if (problem) context.addIssue({ code: 'custom', path: ['options', 'format'], message: problem });
  });

/** Why a schema cannot be that of an operation's options, as the end of a sentence; null where it can. */
function optionsProblem(options: z.ZodObject): string | null {
  if (!(options.def.catchall instanceof z.ZodNever)) return 'takes unknown keys: make it with z.strictObject';
  if (!options.safeParse({}).success) return 'has an option without a default';
  try {
    z.toJSONSchema(options, { io: 'input' });
    return null;
  } catch (error) {
    return `cannot be said in JSON Schema: ${messageOf(error)}`;
  }
}

/** The option `format` chooses among the formats, so the two must agree. */
function formatProblem(options: z.ZodObject, produces: z.infer<typeof productSchema>): string | null {
  const format = options.shape.format;
  if (!format) return null;
  if (produces.kind !== 'picture') return 'is the name of the option that chooses a picture’s format';
  const wrong = pictureFormats.filter(
    (one) => z.safeParse(format, one).success !== produces.formats.includes(one),
  );
  return wrong.length === 0 ? null : `does not take what "produces" names: ${wrong.join(', ')}`;
}
