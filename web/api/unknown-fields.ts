/**
 * Paths of the fields in `given` that are not in `understood`, which a schema made of it: it has left them out because
 * it knows none of that name. What the schema has added, such as defaults, does not count.
 */
export function unknownFields(given: unknown, understood: unknown): string[] {
  if (!isObject(given) || !isObject(understood)) return [];
  return Object.entries(given).flatMap(([key, value]) =>
    Object.hasOwn(understood, key)
      ? unknownFields(value, understood[key]).map((path) => `${key}.${path}`)
      : [key],
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
