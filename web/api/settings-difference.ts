/**
 * What differs between two values of one schema, as `path: before → after`, separated by semicolons. Empty where
 * nothing does.
 */
export function differenceBetween(before: unknown, after: unknown): string {
  return differences(before, after, '').join('; ');
}

function differences(before: unknown, after: unknown, path: string): string[] {
  if (isRecord(before) && isRecord(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return keys.flatMap((key) => differences(before[key], after[key], path === '' ? key : `${path}.${key}`));
  }
  const [from, to] = [words(before), words(after)];
  return from === to ? [] : [`${path}: ${from} → ${to}`];
}

function words(value: unknown): string {
  return value === undefined ? 'none' : JSON.stringify(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
