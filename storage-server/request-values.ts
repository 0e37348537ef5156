import { z } from 'zod';
import { invalid, StorageError } from './errors.ts';

/**
 * Throws a 400 unless this is a JSON object in UTF-8. An empty body, and `null`, which Go's client sends with a copy, mean
 * an object without fields.
 */
export function parseJsonObject(json: Buffer): Record<string, unknown> {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(json);
    if (text.trim() === '') return {};
    const value: unknown = JSON.parse(text);
    if (value === null) return {};
    if (typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Answered below, like JSON of another type and bytes that are not UTF-8.
  }
  throw new StorageError(400, 'parseError', 'InvalidArgument', 'Parse Error');
}

/** Parses a body, or a part of one. Throws a 400 that names the problem. */
export function parsed<Value>(schema: z.ZodType<Value>, body: unknown): Value {
  const result = schema.safeParse(body);
  if (!result.success) throw invalid(z.prettifyError(result.error));
  return result.data;
}

/** Whether a parameter of the query is true, which apitools writes as Python does: `True`. */
export const flag = (query: URLSearchParams, name: string): boolean => /^true$/i.test(query.get(name) ?? '');

/** A page size from the query. Throws a 400 unless it is absent or a whole number; never more than `limit`. */
export function pageSize(query: URLSearchParams, limit: number, parameter = 'maxResults'): number {
  const value = query.get(parameter);
  if (value === null) return limit;
  if (!/^\d+$/.test(value)) throw invalid(`Invalid value for ${parameter}: '${value}'`);
  return Number(value) === 0 ? limit : Math.min(Number(value), limit);
}
