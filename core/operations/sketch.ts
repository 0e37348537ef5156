import { z } from 'zod';
import { pictureFormats, pictureTypeNames } from '../picture-types.ts';
import { defineOperation } from './operation.ts';

export const sketch = defineOperation({
  name: 'sketch',
  words: {
    label: 'Pencil sketch',
    description: 'Turns a picture into a grey pencil drawing.',
    activity: 'Drawing',
    result: 'Pencil sketch',
  },
  icon: 'M4 16l.8-3.6L13.4 3.8l2.8 2.8-8.6 8.6zM11.4 5.8l2.8 2.8',
  accepts: pictureTypeNames,
  produces: { kind: 'picture', formats: pictureFormats },
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
    format: z.enum(pictureFormats).default('png').describe('File format of the result.'),
  }),
  model: null,
  objectiveMs: { interactive: 2_000 },
  priorServiceMs: { fixed: 150, perMegapixel: 50 },
  simulated: {
    vm: { fixedMs: 5, perMegapixelMs: 13.5, sigma: 0.15 },
    run: { fixedMs: 4, perMegapixelMs: 12.3, sigma: 0.15 },
    share: 0.6,
  },
});

export type SketchOptions = z.infer<typeof sketch.options>;
