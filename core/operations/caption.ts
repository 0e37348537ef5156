import { z } from 'zod';
import { automaticModel, builtInModel, captionModels } from '../models.ts';
import { storableText } from '../text.ts';
import { defineOperation } from './operation.ts';

/** More ids than any caption has: BLIP's own range is 5 to 20. */
const mostIds = 60;

export const caption = defineOperation({
  name: 'caption',
  label: 'Caption',
  description: 'Says in one sentence what a picture shows.',
  options: z
    .strictObject({
      model: z
        .enum([automaticModel, builtInModel, ...captionModels])
        .default(automaticModel)
        .describe('Which model writes. "auto" takes the best that is installed.'),
      prompt: storableText()
        .max(120)
        .default('')
        .describe('How the caption begins, such as "a picture of". Empty: the model begins by itself.'),
      beams: z
        .int()
        .min(1)
        .max(8)
        .default(3)
        .describe('Sentences that are followed at once. More is better and slower; 1 is greedy.'),
      minLength: z
        .int()
        .min(1)
        .max(mostIds)
        .default(5)
        .describe('Least number of tokens, the prompt’s and the mark at the start included.'),
      maxLength: z
        .int()
        .min(2)
        .max(mostIds)
        .default(20)
        .describe('Most tokens, the prompt’s and the mark at the start included.'),
      repetitionPenalty: z
        .number()
        .min(1)
        .max(5)
        .default(1)
        .describe('Above 1, words that were said become less likely.'),
    })
    .refine(({ minLength, maxLength }) => minLength <= maxLength, {
      path: ['minLength'],
      message: 'must not exceed maxLength',
    }),
  objectiveMs: 15_000,
  priorServiceMs: { fixed: 2_500, perMegapixel: 30 },
});

export type CaptionOptions = z.infer<typeof caption.options>;
