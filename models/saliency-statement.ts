import { basename, dirname, extname, join } from 'node:path';
import { PermanentError } from '@spillway/core/errors.ts';
import { z } from 'zod';
import { jsonOrNull, readOrNull } from './installation.ts';
import type { SaliencyForm } from './manifest.ts';
import { saliencyManifest } from './saliency-entries.ts';
import { type SaliencyFormName, saliencyForms } from './saliency-forms.ts';

/** Names that mean a form: those of the forms, and those of the manifest's models. */
const forms: ReadonlyMap<string, SaliencyForm> = new Map<string, SaliencyForm>([
  ...saliencyManifest.map(({ name, input, output }) => [name, { input, output }] as const),
  ...(Object.keys(saliencyForms) as SaliencyFormName[]).map((name) => [name, saliencyForms[name]] as const),
]);

const each = z.tuple([z.number(), z.number(), z.number()]);
const positive = z.number().positive('must be above 0');

/** One number for all three channels, or one for each. */
const meanSchema = z.union([z.number(), each]);
const stdSchema = z.union([positive, z.tuple([positive, positive, positive])]);

/**
 * A person's statement of how to prepare a picture for a net: the name of a form, numbers, or a named form with other
 * numbers. `--model-input` and a JSON file beside the model's file hold it.
 */
export const saliencyStatementSchema = z
  .strictObject({
    like: z
      .string()
      .refine((name) => forms.has(name), `must be one of ${[...forms.keys()].join(', ')}`)
      .optional(),
    /** Pixels. Default: the file's own, or the named form's. */
    side: z.int().min(16).max(4_096).optional(),
    mean: meanSchema.optional(),
    std: stdSchema.optional(),
    output: z.enum(['map', 'logits', 'clothes']).optional(),
  })
  .refine(({ like, mean, std }) => like !== undefined || (mean !== undefined && std !== undefined), {
    message: 'needs the name of a form, or both mean and std',
  });
export type SaliencyStatement = z.infer<typeof saliencyStatementSchema>;

/** The form that a statement describes. */
export function statedForm({ like, side, mean, std, output }: SaliencyStatement): SaliencyForm {
  const base = like === undefined ? undefined : forms.get(like);
  const channels = (value: z.infer<typeof meanSchema> | undefined, of: readonly number[] | undefined) =>
    (typeof value === 'number' ? [value, value, value] : (value ?? of)) as [number, number, number];
  return {
    input: {
      side: side ?? base?.input.side ?? null,
      mean: channels(mean, base?.input.mean),
      std: channels(std, base?.input.std),
    },
    output: output ?? base?.output ?? 'map',
  };
}

/** Possible paths of a statement for a model file: `net.json`, or `net.onnx.json`. */
function statementPaths(modelPath: string): string[] {
  const stem = join(dirname(modelPath), basename(modelPath, extname(modelPath)));
  return [`${stem}.json`, `${modelPath}.json`];
}

/** The path at which a person can put a statement about a model file. */
export function statementPath(modelPath: string): string {
  return statementPaths(modelPath)[0] ?? modelPath;
}

/**
 * Reads the JSON beside a model file; null if there is none.
 * @throws PermanentError `model_invalid` if it is not a valid statement.
 */
export async function statementBeside(modelPath: string): Promise<SaliencyStatement | null> {
  for (const path of statementPaths(modelPath)) {
    const text = await readOrNull(path);
    if (text === null) continue;
    const parsed = saliencyStatementSchema.safeParse(jsonOrNull(text));
    if (parsed.success) return parsed.data;
    throw new PermanentError('model_invalid', `${path} ${statementProblem(parsed.error)}.`);
  }
  return null;
}

/** The end of a sentence that begins with the place of a statement. */
export function statementProblem({ issues }: z.ZodError): string {
  const problems = issues.map(({ path, message }) => [...path, message].join(' '));
  return `does not say how the model wants its input: ${problems.join('; ')}`;
}
