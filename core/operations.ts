import { z } from 'zod';
import { caption } from './operations/caption.ts';
import { removeBackground } from './operations/remove-background.ts';
import { sketch } from './operations/sketch.ts';
import { mostIndexedBytes, shownText, textProblem } from './text.ts';

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

/** Bytes of a sentence about options, which quotes what a stranger wrote. */
const mostMessageBytes = 1_000;

/**
 * Validates options and fills in defaults, so that equal requests have equal options. Text in them, however deep, can
 * be stored.
 */
export function parseOptions(operation: OperationName, options: unknown): ParsedOptions {
  const parsed = operations[operation].options.safeParse(options ?? {});
  const problems = parsed.success
    ? textProblems(parsed.data)
    : parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
  if (parsed.success && problems.length === 0) return { ok: true, options: parsed.data };
  const list = problems.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join('; ');
  const message = `The options of ${operation} are not valid: ${list}.`;
  return { ok: false, message: shownText(message, mostMessageBytes) };
}

function textProblems(value: unknown, path = ''): { path: string; message: string }[] {
  if (typeof value === 'string') {
    const message = textProblem(value, mostIndexedBytes);
    return message === null ? [] : [{ path, message }];
  }
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]) => textProblems(inner, path ? `${path}.${key}` : key));
}
