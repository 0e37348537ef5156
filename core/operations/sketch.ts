import { z } from 'zod';
import { defineOperation } from './operation.ts';

export const sketch = defineOperation({
  name: 'sketch',
  label: 'Pencil sketch',
  description: 'Turns a picture into a grey pencil drawing.',
  options: z.strictObject({
    blur: z
      .int()
      .min(3)
      .max(99)
      .refine((side) => side % 2 === 1, 'must be odd')
      .default(21)
      .describe(
        'Side of the Gaussian kernel in pixels, odd. Small gives fine lines, large gives soft shading.',
      ),
    format: z.enum(['png', 'jpeg', 'webp']).default('png').describe('File format of the result.'),
  }),
  objectiveMs: 2_000,
  priorServiceMs: { fixed: 150, perMegapixel: 50 },
});

export type SketchOptions = z.infer<typeof sketch.options>;
