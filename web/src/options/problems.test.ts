import { caption } from '@spillway/core/operations/caption.ts';
import { removeBackground } from '@spillway/core/operations/remove-background.ts';
import { sketch } from '@spillway/core/operations/sketch.ts';
import { expect, it } from 'vitest';
import { optionProblems } from './problems.ts';

it.each([
  [caption, {}, {}],
  [caption, { minLength: 12, maxLength: 8 }, { minLength: 'must not exceed max length' }],
  [caption, { repetitionPenalty: 9 }, { repetitionPenalty: 'must be at most 5' }],
  [caption, { repetitionPenalty: 0.5 }, { repetitionPenalty: 'must be at least 1' }],
  [caption, { repetitionPenalty: null }, { repetitionPenalty: 'must be a number' }],
  [caption, { beams: 1.5 }, { beams: 'must be a whole number' }],
  [caption, { prompt: 'x'.repeat(121) }, { prompt: 'must be at most 120 characters long' }],
  [removeBackground, { background: 'red' }, { background: 'must be a colour such as #ffffff, or empty' }],
  [sketch, { blur: 20 }, { blur: 'must be odd' }],
])('%# says at the option what is wrong with it', ({ options }, values, problems) => {
  expect(optionProblems(options, values)).toEqual(problems);
});
