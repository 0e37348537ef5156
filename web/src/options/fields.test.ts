import { operationNames, operations } from '@spillway/core/operations.ts';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { optionFields, optionLabel } from './fields.ts';

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
      prompt: z.string().default('a picture of '),
    }),
  );
  expect(fields).toEqual([
    { key: 'side', label: 'Side', hint: 'Odd.', kind: 'range', min: 3, max: 99, step: 2, initial: 21 },
    { key: 'format', label: 'Format', hint: null, kind: 'choice', choices: ['png', 'webp'], initial: 'webp' },
    {
      key: 'strength',
      label: 'Strength',
      hint: null,
      kind: 'number',
      min: 0,
      max: 1,
      integer: false,
      initial: 0.5,
    },
    { key: 'feather', label: 'Feather', hint: null, kind: 'switch', initial: true },
    { key: 'prompt', label: 'Prompt', hint: null, kind: 'text', initial: 'a picture of ' },
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

it.each(operationNames)('the form of %s starts with options that are valid', (name) => {
  const { options } = operations[name];
  const initial = Object.fromEntries(optionFields(options).map((field) => [field.key, field.initial]));
  expect(options.parse(initial)).toEqual(options.parse({}));
});

it('words the keys', () => {
  expect(optionLabel('minLength')).toBe('Min length');
  expect(optionLabel('post-process_mask')).toBe('Post process mask');
});
