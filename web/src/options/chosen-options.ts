import type { OperationName } from '@spillway/core/operations.ts';
import { fieldsOf } from './fields.ts';

/** Options of one operation by key. */
export type OptionValues = Readonly<Record<string, unknown>>;

/**
 * The options that differ from what the operation does anyway, in the order of its form: equal wishes are equal, however
 * they were made.
 */
export function changedOptions(operation: OperationName, values: OptionValues): Record<string, unknown> {
  return Object.fromEntries(
    fieldsOf(operation).flatMap(({ key, initial }) => {
      const value = values[key];
      return value === undefined || value === initial ? [] : [[key, value]];
    }),
  );
}

/** Whether two sets of options of an operation make the same. */
export function isSameWish(operation: OperationName, a: OptionValues, b: OptionValues): boolean {
  const [one, other] = [changedOptions(operation, a), changedOptions(operation, b)];
  return JSON.stringify(one) === JSON.stringify(other);
}
