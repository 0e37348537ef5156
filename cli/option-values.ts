import {
  manifestOf,
  type OperationName,
  type OperationOptions,
  parseOptions,
} from '@spillway/core/operations.ts';
import { z } from 'zod';
import { UsageError } from './usage-error.ts';

/**
 * Reads options typed as `name=value`. They are checked as the API checks them, and defaults are added.
 * @throws UsageError that names the option and its allowed values.
 */
export function readOptionValues(operation: OperationName, typed: readonly string[]): OperationOptions {
  const parsed = parseOptions(operation, typedOptions(operation, typed));
  if (!parsed.ok) throw new UsageError(parsed.message);
  return parsed.options;
}

/** Converts each value to the type that its option's schema expects: number, boolean or text. */
export function typedOptions(operation: OperationName, typed: readonly string[]): Record<string, unknown> {
  const values = typed.map((text) => {
    const equals = text.indexOf('=');
    if (equals < 1)
      throw new UsageError(`--option wants name=value, such as --option format=webp, not "${text}".`);
    // Node puts U+FFFD in place of bytes that are not UTF-8.
    if (text.includes('\u{fffd}'))
      throw new UsageError(`--option ${text} holds bytes that are no UTF-8 text.`);
    const name = text.slice(0, equals);
    return [name, convert(text.slice(equals + 1), schemaOf(operation, name))];
  });
  return Object.fromEntries(values);
}

function schemaOf(operation: OperationName, name: string): z.core.$ZodType {
  const shape: Record<string, z.core.$ZodType> = manifestOf(operation).options.shape;
  const schema = Object.hasOwn(shape, name) ? shape[name] : undefined;
  if (schema) return schema;
  throw new UsageError(
    `${operation} has no option named "${name}"; it has ${Object.keys(shape).join(', ')}.`,
  );
}

/** Text that cannot be converted is returned unchanged, so that the schema says what it expected. */
function convert(text: string, schema: z.core.$ZodType): unknown {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional)
    return convert(text, schema.unwrap());
  if (schema instanceof z.ZodNumber) return text.trim() === '' ? text : numberOr(text);
  if (schema instanceof z.ZodBoolean) return text === 'true' || (text === 'false' ? false : text);
  return text;
}

function numberOr(text: string): number | string {
  const number = Number(text);
  return Number.isNaN(number) ? text : number;
}
