import { z } from 'zod';
import { automaticModel, builtInModel, saliencyModels } from '../models.ts';
import { pictureTypeNames } from '../picture-types.ts';
import { defineOperation } from './operation.ts';

export const removeBackground = defineOperation({
  name: 'remove-background',
  words: {
    label: 'Remove background',
    description: 'Keeps what a picture is of, and makes the rest transparent.',
    activity: 'Cutting out',
    result: 'Cut-out',
  },
  icon: 'M5.8 8.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4zM5.8 16.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4zM7.6 7.3 16.5 14M7.6 12.7 16.5 6',
  accepts: pictureTypeNames,
  produces: {
    kind: 'picture',
    formats: ['png', 'webp'],
    transparentWhen: { output: 'cutout', background: '' },
  },
  options: z.strictObject({
    model: z
      .enum([automaticModel, builtInModel, ...saliencyModels])
      .default(automaticModel)
      .describe(
        'Which model finds the subject. "auto" takes the best that is installed. The licence of bria-rmbg forbids commercial use.',
      ),
    output: z
      .enum(['cutout', 'mask'])
      .default('cutout')
      .describe('The cut-out itself, or its mask in grey: white is kept.'),
    edges: z
      .enum(['straight', 'premultiplied'])
      .default('straight')
      .describe(
        'Colours at soft edges: "straight" keeps them for design programs, "premultiplied" darkens them as rembg does.',
      ),
    refine: z
      .enum(['auto', 'none', 'grabcut'])
      .default('auto')
      .describe('Follows the edges of the picture. "auto" does so for the built-in model alone.'),
    cleanMask: z
      .boolean()
      .default(false)
      .describe('Removes specks and makes the edge hard, as rembg’s post-processing does.'),
    // Without a default: ids of jobs are made from all options, and those of earlier uploads must stay what they are.
    feather: z
      .int()
      .min(0)
      .max(100)
      .optional()
      .describe('Softens the edge by this many pixels of the picture. 0 leaves it as it is.'),
    clothes: z
      .enum(['all', 'upper', 'lower', 'full'])
      .default('all')
      .describe('Which clothes the model u2net_cloth_seg keeps, "full" being dresses and the like.'),
    background: z
      .string()
      .regex(/^(|#[0-9a-fA-F]{6})$/, 'must be a colour such as #ffffff, or empty')
      .default('')
      .describe('A colour such as #ffffff to put behind the subject of a cut-out. Empty: transparent.'),
    format: z.enum(['png', 'webp']).default('png').describe('File format of the result.'),
  }),
  advancedOptions: ['model', 'edges', 'refine', 'clothes'],
  model: 'saliency',
  objectiveMs: { interactive: 6_000 },
  priorServiceMs: { fixed: 600, perMegapixel: 80 },
  simulated: {
    vm: { fixedMs: 280, perMegapixelMs: 33, sigma: 0.15 },
    run: { fixedMs: 146, perMegapixelMs: 25, sigma: 0.15 },
    share: 0.3,
  },
});

export type RemoveBackgroundOptions = z.infer<typeof removeBackground.options>;
