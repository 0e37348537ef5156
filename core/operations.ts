import { z } from 'zod';
import { caption } from './operations/caption.ts';
import { removeBackground } from './operations/remove-background.ts';
import { sketch } from './operations/sketch.ts';

/** Every operation that Spillway can run. To add one, see "Add an operation" in the README. */
export const operations = { sketch, 'remove-background': removeBackground, caption } as const;

export type OperationName = keyof typeof operations;
export type OptionsOf<Name extends OperationName> = z.infer<(typeof operations)[Name]['options']>;
export type OperationOptions = OptionsOf<OperationName>;

export const operationNames = Object.keys(operations) as OperationName[];
export const operationNameSchema = z.enum(operationNames);

export function isOperationName(name: string): name is OperationName {
  return Object.hasOwn(operations, name);
}

export type ParsedOptions = { ok: true; options: OperationOptions } | { ok: false; message: string };

/** Validates options and fills in defaults, so that equal requests have equal options. */
export function parseOptions(operation: OperationName, options: unknown): ParsedOptions {
  const parsed = operations[operation].options.safeParse(options ?? {});
  if (parsed.success) return { ok: true, options: parsed.data };
  const problems = parsed.error.issues.map((issue) => {
    const path = issue.path.join('.');
    return path ? `${path}: ${issue.message}` : issue.message;
  });
  return { ok: false, message: `The options of ${operation} are not valid: ${problems.join('; ')}.` };
}
