// @ts-check
import { defineOperation } from 'spillway/operation';
import { z } from 'zod';

/** All that Spillway has to know of the operation to offer, route and show it. This file handles no pixels. */
export default defineOperation({
  name: 'thumbnail',
  words: {
    label: 'Thumbnail',
    description: 'Makes a small copy of a picture.',
    activity: 'Shrinking',
    result: 'Thumbnail',
  },
  icon: 'M3.5 4.5h13v11h-13zM6 8h4v4H6z',
  accepts: ['jpeg', 'png', 'webp', 'avif', 'heic', 'gif'],
  produces: { kind: 'picture', formats: ['jpeg', 'png', 'webp'] },
  options: z.strictObject({
    side: z.int().min(16).max(1_024).default(256).describe('Most pixels of the longer side.'),
    fit: z
      .enum(['inside', 'cover'])
      .default('inside')
      .describe('"inside" keeps the whole picture, "cover" cuts a square out of its middle.'),
    format: z.enum(['jpeg', 'png', 'webp']).default('jpeg').describe('File format of the result.'),
  }),
  advancedOptions: ['format'],
  model: null,
  objectiveMs: { interactive: 2_000 },
  priorServiceMs: { fixed: 90, perMegapixel: 25 },
  implementation: new URL('implementation.js', import.meta.url),
});
