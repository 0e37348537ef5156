import { z } from 'zod';

/** What of JSON Schema the OpenAPI document uses. */
const typeNames = ['string', 'integer', 'number', 'boolean', 'array', 'object', 'null'] as const;
const baseSchema = z.object({
  type: z.union([z.enum(typeNames), z.array(z.enum(typeNames))]).optional(),
  enum: z.array(z.unknown()).optional(),
  format: z.string().optional(),
  pattern: z.string().optional(),
  minLength: z.number().optional(),
  maxLength: z.number().optional(),
  minimum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  maximum: z.number().optional(),
  required: z.array(z.string()).optional(),
});
export type JsonSchema = z.infer<typeof baseSchema> & {
  properties?: Record<string, JsonSchema> | undefined;
  additionalProperties?: JsonSchema | boolean | undefined;
  items?: JsonSchema | undefined;
  anyOf?: JsonSchema[] | undefined;
};
export const jsonSchema: z.ZodType<JsonSchema> = baseSchema.extend({
  get properties() {
    return z.record(z.string(), jsonSchema).optional();
  },
  get additionalProperties() {
    return z.union([jsonSchema, z.boolean()]).optional();
  },
  get items() {
    return jsonSchema.optional();
  },
  get anyOf() {
    return z.array(jsonSchema).optional();
  },
});

/** Makes values by chance: those that a schema asks for, and those that nobody does. */
export function createValues(random: () => number) {
  const chance = (probability: number) => random() < probability;
  const whole = (least: number, most: number) => least + Math.floor(random() * (most - least + 1));
  function pick<Value>(values: readonly Value[]): Value {
    return values[whole(0, values.length - 1)] as Value;
  }

  function valid(schema: JsonSchema): unknown {
    if (schema.enum) return pick(schema.enum);
    if (schema.anyOf) return valid(pick(schema.anyOf));
    const type = Array.isArray(schema.type) ? pick(schema.type) : schema.type;
    switch (type) {
      case 'string':
        return validText(schema);
      case 'integer':
        return Math.round(validNumber(schema));
      case 'number':
        return validNumber(schema);
      case 'boolean':
        return chance(0.5);
      case 'array':
        return Array.from({ length: whole(1, 3) }, () => valid(schema.items ?? {}));
      case 'object':
        return validObject(schema);
      case 'null':
        return null;
      case undefined:
        return pick([1, 'x', true, null]);
      default:
        return type satisfies never;
    }
  }

  function validText({ format, minLength = 0, maxLength = 40 }: JsonSchema): string {
    if (format === 'uuid') return crypto.randomUUID();
    if (format === 'date-time') return new Date(whole(0, 2e12)).toISOString();
    const length = whole(minLength, Math.min(maxLength, 12));
    return Array.from({ length }, () => pick([...'abcxyz019_-. é漢🐈'])).join('');
  }

  function validNumber({ minimum, exclusiveMinimum, maximum }: JsonSchema): number {
    const least = minimum ?? (exclusiveMinimum === undefined ? 0 : exclusiveMinimum + 1);
    const most = maximum ?? least + 1_000;
    return pick([least, most, least + random() * (most - least)]);
  }

  function validObject({ properties = {}, required = [], additionalProperties }: JsonSchema): unknown {
    const known = Object.entries(properties)
      .filter(([key]) => required.includes(key) || chance(0.5))
      .map(([key, schema]) => [key, valid(schema)]);
    const free = typeof additionalProperties === 'object' && chance(0.3);
    const more = free ? [[`key${whole(0, 9)}`, valid(additionalProperties)]] : [];
    return Object.fromEntries([...known, ...more]);
  }

  /** The value with something wrong at one place, at whatever depth. */
  function mutated(value: unknown): unknown {
    if (Array.isArray(value) && value.length > 0 && chance(0.7)) {
      const at = whole(0, value.length - 1);
      return chance(0.2)
        ? [...value, ...value, ...value]
        : value.map((each, index) => (index === at ? mutated(each) : each));
    }
    if (typeof value === 'object' && value !== null && !Array.isArray(value) && chance(0.8)) {
      const entries = Object.entries(value);
      const at = whole(0, entries.length - 1);
      if (entries.length === 0 || chance(0.2)) return Object.fromEntries([...entries, [text(), anything()]]);
      if (chance(0.15)) return Object.fromEntries(entries.filter((_, index) => index !== at));
      return Object.fromEntries(
        entries.map(([key, each], index) => [key, index === at ? mutated(each) : each]),
      );
    }
    return anything();
  }

  const text = () => pick(hostileTexts);
  const anything = () =>
    pick<() => unknown>([text, text, text, () => pick(hostileNumbers), () => pick(otherValues)])();

  return { chance, whole, pick, valid, mutated, text };
}
export type Values = ReturnType<typeof createValues>;

/** Texts that stores, parsers or people have stumbled over. */
const hostileTexts = [
  '',
  ' ',
  '.',
  '..',
  '../../etc/passwd',
  'a/b',
  '/',
  '//x.test',
  'a\\b',
  '__proto__',
  '__x__',
  '__name__',
  'constructor',
  'toString',
  'null',
  'undefined',
  'NaN',
  '-1',
  '1e999',
  '0x10',
  '\0',
  'a\0b',
  '\ud800',
  'a\ud83d b',
  '\udc00\ud800',
  '\uffff\ufffe',
  'a\r\nX-Evil: 1',
  '\u2028',
  '\u202egnp.exe',
  '\x7f\x1b[2J',
  'é',
  'e\u0301',
  '🐈‍⬛',
  '<script>alert(1)</script>',
  '"\'`$(id);--',
  '%',
  '%2F',
  '%00',
  '%ED%A0%80',
  '{"a":1}',
  '[]',
  'x'.repeat(201),
  'x'.repeat(1_499),
  'x'.repeat(1_500),
  '漢'.repeat(500),
  '9999999999999.999999999.x',
  '999999999999.0.abc',
  '1.0.__proto__',
  '1234567890123-abc',
  '2026-02-30T00:00:00Z',
  '0000-01-01T00:00:00Z',
];

const hostileNumbers = [
  -1,
  -0,
  0.5,
  1e-300,
  1e21,
  1e308,
  -1e308,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  Number.MAX_SAFE_INTEGER,
  253_402_300_800_000,
];

/** Deeper than any program should be recursive. */
const deep: unknown = JSON.parse(`${'['.repeat(3_000)}${']'.repeat(3_000)}`);
const deepObject: unknown = JSON.parse(`${'{"a":'.repeat(3_000)}1${'}'.repeat(3_000)}`);
const otherValues = [
  null,
  true,
  [],
  {},
  [null],
  [[]],
  { a: 1 },
  JSON.parse('{"__proto__":{"polluted":true}}'),
  deep,
  deepObject,
];
