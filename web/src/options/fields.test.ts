import { caption } from '@spillway/core/operations/caption.ts';
import { removeBackground } from '@spillway/core/operations/remove-background.ts';
import { manifestOf, operationNames } from '@spillway/core/operations.ts';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { fieldsOf, optionFields, optionLabel } from './fields.ts';

it('asks for each kind of option in its own way', () => {
  const fields = optionFields(
    z.strictObject({
      side: z
        .int()
        .min(2)
        .max(99)
        .refine((value) => value % 2 === 1)
        .default(21)
        .describe('Odd.'),
      format: z.enum(['png', 'webp']).default('webp'),
      strength: z.number().min(0).max(1).default(0.5),
      feather: z.boolean().default(true),
      prompt: z.string().max(40).default('a picture of '),
    }),
  );
  const base = { hint: null, advanced: false };
  expect(fields).toEqual([
    {
      ...base,
      key: 'side',
      label: 'Side',
      hint: 'Odd.',
      kind: 'range',
      min: 3,
      max: 99,
      step: 2,
      initial: 21,
    },
    { ...base, key: 'format', label: 'Format', kind: 'choice', choices: ['png', 'webp'], initial: 'webp' },
    {
      ...base,
      key: 'strength',
      label: 'Strength',
      kind: 'number',
      min: 0,
      max: 1,
      integer: false,
      initial: 0.5,
    },
    { ...base, key: 'feather', label: 'Feather', kind: 'switch', initial: true },
    { ...base, key: 'prompt', label: 'Prompt', kind: 'text', longest: 40, initial: 'a picture of ' },
  ]);
});

it('types integers whose valid values are not evenly spaced', () => {
  const powers = z
    .int()
    .min(1)
    .max(8)
    .refine((value) => [1, 2, 4, 8].includes(value))
    .default(4);
  expect(optionFields(z.strictObject({ powers }))[0]).toMatchObject({ kind: 'number', integer: true });
});

it('knows colours by what the option takes', () => {
  const fields = optionFields(removeBackground.options);
  expect(fields.find(({ key }) => key === 'background')).toMatchObject({
    kind: 'colour',
    optional: true,
    initial: '',
    hint: null,
  });
  const [always] = optionFields(
    z.strictObject({
      ink: z
        .string()
        .regex(/^#[0-9a-f]{6}$/)
        .default('#000000'),
    }),
  );
  expect(always).toMatchObject({ kind: 'colour', optional: false });
});

it('asks for all options of a schema that compares them, the rare ones folded away', () => {
  const fields = fieldsOf('caption');
  expect(fields.map(({ key }) => key)).toEqual(Object.keys(caption.options.shape));
  expect(fields.filter(({ advanced }) => !advanced).map(({ label }) => label)).toEqual(['Prompt', 'Beams']);
});

it.each(operationNames)('the form of %s starts with options that are valid', (name) => {
  const { options } = manifestOf(name);
  const initial = Object.fromEntries(optionFields(options).map((field) => [field.key, field.initial]));
  expect(options.parse(initial)).toMatchObject(options.parse({}));
});

it('words the keys', () => {
  expect(optionLabel('minLength')).toBe('Min length');
  expect(optionLabel('post-process_mask')).toBe('Post process mask');
});

it('asks for the options of a plug-in, which came as a JSON Schema, as for those of this page', () => {
  const options = z.strictObject({
    side: z.int().min(16).max(1_024).default(256).describe('Pixels.'),
    share: z.number().min(0).max(1).default(0.5),
    shape: z.enum(['round', 'square']).default('round'),
    sharp: z.boolean().default(false),
    words: z.string().max(30).default(''),
    colour: z
      .string()
      .regex(/^#[0-9a-f]{6}$/)
      .default('#ffffff'),
    soft: z.int().min(0).max(9).optional(),
  });
  const learnt = z.fromJSONSchema(z.toJSONSchema(options, { io: 'input' }) as never);
  expect(optionFields(learnt as z.ZodObject)).toEqual(optionFields(options));
});
