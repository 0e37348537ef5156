import { z } from 'zod';
import { modelSchema } from '../job.ts';
import { automaticModel, builtInModel, captionModels } from '../models.ts';
import { pictureTypeNames } from '../picture-types.ts';
import { storableText } from '../text.ts';
import { defineOperation } from './operation.ts';

/** The result file of `caption`. */
export const captionResultSchema = z.object({
  caption: z.string(),
  /** Tokens of the caption, by the model's vocabulary. */
  ids: z.array(z.int()),
  /** The sentences that were followed to their end, the likeliest first. */
  beams: z.array(z.object({ text: z.string(), ids: z.array(z.int()), score: z.number() })),
  model: modelSchema,
  /** Milliseconds by step. */
  timings: z.record(z.string(), z.number()),
});
export type CaptionResult = z.infer<typeof captionResultSchema>;

/** More ids than any caption has: BLIP's own range is 5 to 20. */
const mostIds = 60;

export const caption = defineOperation({
  name: 'caption',
  words: {
    label: 'Caption',
    description: 'Says in one sentence what a picture shows.',
    activity: 'Describing',
    result: 'Caption',
  },
  icon: 'M3.5 4.5h13v9H9.3l-3.3 3v-3H3.5zM6.8 7.7h6.4M6.8 10.5h4',
  accepts: pictureTypeNames,
  produces: {
    kind: 'json',
    schema: captionResultSchema,
    headline: 'caption',
    tables: [
      {
        key: 'beams',
        title: 'Sentences that were followed to their end, the likeliest first',
        columns: [
          { key: 'text', label: 'Sentence' },
          { key: 'score', label: 'Score', digits: 3, hint: 'Mean logarithm of the tokens’ probability' },
        ],
      },
    ],
  },
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
  advancedOptions: ['model', 'minLength', 'maxLength', 'repetitionPenalty'],
  model: 'caption',
  objectiveMs: { interactive: 15_000 },
  priorServiceMs: { fixed: 2_500, perMegapixel: 30 },
  simulated: {
    vm: { fixedMs: 1_310, perMegapixelMs: 10, sigma: 0.25 },
    run: { fixedMs: 785, perMegapixelMs: 8, sigma: 0.25 },
    share: 0.1,
  },
});

export type CaptionOptions = z.infer<typeof caption.options>;
