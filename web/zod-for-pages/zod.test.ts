import { describe, expect, it, vi } from 'vitest';
import { z as whole } from 'zod';
import { z as ofPages } from './zod-index.js';

type Z = typeof whole;
/** The one of pages has the same schemas, as far as it goes. */
const both: [Z, Z] = [whole, ofPages as unknown as Z];

const schemas: Record<string, [make: (z: Z) => whole.ZodType, values: unknown[]]> = {
  text: [(z) => z.string().trim().min(2).max(4).regex(/^\w+$/), ['abc', ' ab ', 'a', 'abcde', 'a b', 1]],
  'a length': [(z) => z.string().length(3), ['abc', 'ab']],
  numbers: [(z) => z.number().int().min(1).max(5), [1, 5.5, 0, 6, Number.NaN, '1', 2 ** 60]],
  'whole numbers': [(z) => z.int().positive(), [1, 0, 1.5]],
  'an object': [
    (z) => z.object({ a: z.string(), b: z.number().default(2), c: z.boolean().optional() }),
    [{ a: 'x' }, { a: 'x', b: 1, c: false, d: 1 }, {}, null, [], { a: 'x', c: null }],
  ],
  'a strict object': [(z) => z.strictObject({ a: z.string() }), [{ a: 'x' }, { a: 'x', b: 1 }]],
  'parts of an object': [
    (z) =>
      z
        .object({ a: z.string(), b: z.number(), c: z.date() })
        .omit({ c: true })
        .extend({ d: z.literal('d') })
        .pick({
          a: true,
          d: true,
        }),
    [
      { a: 'x', d: 'd' },
      { a: 'x', d: 'e' },
    ],
  ],
  lists: [(z) => z.array(z.string()).min(1).max(2), [[], ['a'], ['a', 'b', 'c'], [1], 'a']],
  pairs: [(z) => z.tuple([z.string(), z.number()]), [['a', 1], ['a'], [1, 'a'], ['a', 1, 2]]],
  names: [(z) => z.enum(['a', 'b']).nullable(), ['a', 'c', null, undefined]],
  records: [(z) => z.record(z.enum(['a', 'b']), z.number()), [{ a: 1, b: 2 }, { a: 1 }, { c: 1 }]],
  'partial records': [(z) => z.partialRecord(z.enum(['a', 'b']), z.number()), [{ a: 1 }, { c: 1 }]],
  kinds: [
    (z) =>
      z.discriminatedUnion('kind', [
        z.object({ kind: z.literal('a'), x: z.number() }),
        z.object({ kind: z.literal('b') }),
      ]),
    [{ kind: 'a', x: 1 }, { kind: 'a' }, { kind: 'b' }, { kind: 'c' }, {}],
  ],
  'one of several': [(z) => z.union([z.string(), z.number()]), ['a', 1, true]],
  'dates and numbers from text': [
    (z) => z.object({ at: z.coerce.date(), n: z.coerce.number() }),
    [
      { at: '2026-01-01T00:00:00Z', n: '4' },
      { at: 'never', n: 'x' },
    ],
  ],
  'forms of text': [
    (z) => z.object({ url: z.url(), id: z.uuid(), at: z.iso.datetime() }),
    [
      { url: 'https://a.example/', id: '2f1c1a4e-7c0b-4b57-8d2f-0b9a6a3b2c1d', at: '2026-01-01T00:00:00Z' },
      { url: 'a', id: 'b', at: 'c' },
    ],
  ],
  fallbacks: [
    (z) => z.object({ a: z.number().catch(1), b: z.object({ c: z.string().default('d') }).prefault({}) }),
    [{}, { a: 'x', b: {} }, { a: 2, b: { c: 'e' } }, { a: 2, b: 1 }],
  ],
  'own rules': [
    (z) =>
      z
        .string()
        .refine((text) => text !== 'no', 'Not no.')
        .superRefine((text, context) => {
          if (text === 'never') context.addIssue({ code: 'custom', message: 'Not never.' });
        })
        .transform((text) => text.length),
    ['yes', 'no', 'never', 1],
  ],
  'own values': [(z) => z.custom((value) => value === 1, 'One.').or(z.unknown().array()), [1, 2, [3]]],
};

describe('what pages load for zod', () => {
  it.each(Object.entries(schemas))('takes and refuses what zod does: %s', (_name, [make, values]) => {
    for (const value of values) {
      const [expected, found] = both.map((z) => {
        const { success, data, error } = make(z).safeParse(value);
        return { success, data, issues: error?.issues };
      });
      expect(found).toEqual(expected);
    }
  });

  it('throws what zod throws, and has a default of its own for each value', () => {
    const [, z] = both;
    expect(() => z.string().parse(1)).toThrow(/expected string/);
    const list = z.object({ names: z.array(z.string()).default([]) });
    list.parse({}).names.push('kept');
    expect(list.parse({})).toEqual({ names: [] });
    expect(z.string().meta({ description: 'a name' }).meta()).toEqual({ description: 'a name' });
    expect(whole.string() instanceof z.ZodType).toBe(true);
    expect(z.strictObject({}).def.catchall instanceof z.ZodNever).toBe(true);
  });

  it('has everything that the schemas of pages ask for', async () => {
    vi.doMock('zod', async () => ({ ...(await import('./zod-index.js')) }));
    vi.resetModules();
    const { jobViewSchema } = await import('../api/schema.ts');
    await import('../api/admin-schema.ts');
    await import('../api/metrics-schema.ts');
    await import('../api/routing-schema.ts');
    await import('../src/uploads/kept-uploads.ts');
    const { manifestOf } = await import('@spillway/core/operations.ts');
    expect(jobViewSchema.safeParse({}).success).toBe(false);
    expect(jobViewSchema instanceof ofPages.ZodObject).toBe(true);
    expect(manifestOf('sketch').options.safeParse({ blur: 21, format: 'png' }).success).toBe(true);
    vi.doUnmock('zod');
  });
});
