import type { z } from 'zod';

/** What a form has to know of an option's schema. */
export interface Property {
  type: PropertyType;
  description: string | null;
  /** The default; undefined where there is none. */
  initial: unknown;
}

type PropertyType =
  | { kind: 'choice'; choices: string[] }
  | { kind: 'switch' }
  | { kind: 'text'; longest: number | null }
  | { kind: 'number'; min: number | null; max: number | null; integer: boolean }
  /** No form asks for it. */
  | { kind: 'other' };

/**
 * Reads a schema by zod's own description of it. Its JSON Schema says the same, and the code that makes one is larger
 * than the page that would use it.
 * @see https://zod.dev/packages/core for `_zod.def`
 */
export function propertyOf(schema: z.core.$ZodType): Property {
  const { _zod: zod } = schema as z.core.$ZodTypes;
  const { def } = zod;
  const own = descriptionOf(schema);
  switch (def.type) {
    case 'default':
    case 'prefault': {
      const inner = propertyOf(def.innerType);
      return { ...inner, description: own ?? inner.description, initial: def.defaultValue };
    }
    case 'optional':
    case 'nonoptional':
    case 'nullable':
    case 'readonly': {
      const inner = propertyOf(def.innerType);
      return { ...inner, description: own ?? inner.description };
    }
    default:
      return { type: typeOf(schema as z.core.$ZodTypes), description: own, initial: undefined };
  }
}

function typeOf({ _zod: { def } }: z.core.$ZodTypes): PropertyType {
  switch (def.type) {
    case 'enum': {
      const choices = Object.values(def.entries);
      const areWords = choices.every((choice) => typeof choice === 'string');
      return areWords ? { kind: 'choice', choices } : { kind: 'other' };
    }
    case 'boolean':
      return { kind: 'switch' };
    case 'string':
      return { kind: 'text', longest: tightest(lengthsIn(checksOf(def)), Math.min) };
    case 'number': {
      // `z.int()` is a check itself, and `z.number().int()` has one.
      const checks = [def as Check, ...checksOf(def)];
      return {
        kind: 'number',
        min: tightest(boundsBy(checks, 'greater_than'), Math.max),
        max: tightest(boundsBy(checks, 'less_than'), Math.min),
        integer: checks.some(({ check, format }) => check === 'number_format' && format?.includes('int')),
      };
    }
    default:
      return { kind: 'other' };
  }
}

/** Definitions of checks, as far as a form needs them. */
interface Check {
  check?: string;
  format?: string;
  value?: unknown;
  inclusive?: boolean;
  maximum?: number;
}

function checksOf({ checks = [] }: { checks?: readonly z.core.$ZodCheck<never>[] }): Check[] {
  return checks.map(({ _zod: { def } }) => def as Check);
}
function lengthsIn(checks: readonly Check[]): number[] {
  return checks.flatMap(({ check, maximum }) =>
    check === 'max_length' && maximum !== undefined ? [maximum] : [],
  );
}

/** Bounds that are themselves valid. */
function boundsBy(checks: readonly Check[], kind: 'greater_than' | 'less_than'): number[] {
  return checks.flatMap(({ check, value, inclusive }) =>
    check === kind && inclusive === true && typeof value === 'number' ? [value] : [],
  );
}

function tightest(bounds: number[], choose: (...bounds: number[]) => number): number | null {
  return bounds.length === 0 ? null : choose(...bounds);
}

function descriptionOf(schema: z.core.$ZodType): string | null {
  return (schema as z.ZodType).description ?? null;
}
