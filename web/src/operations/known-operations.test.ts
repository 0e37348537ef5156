import { viewOf } from '@spillway/core/operations/manifest-schema.ts';
import { defineOperation } from '@spillway/core/operations/operation.ts';
import { isOperationName } from '@spillway/core/operations.ts';
import { afterEach, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { resultLook } from '../jobs/result-look.ts';
import { sampleJob } from '../jobs/sample-job.ts';
import { activityOf, operationLabel } from '../jobs/words.ts';
import { fieldsOf } from '../options/fields.ts';
import { createSelection } from '../options/selection.ts';
import { routingFields } from '../settings/routing-fields.ts';
import { knownOperations, learnOperations, offerFor } from './known-operations.ts';

const blur = defineOperation({
  name: 'blur',
  words: {
    label: 'Blur',
    description: 'Makes a picture soft.',
    activity: 'Blurring',
    result: 'Soft picture',
  },
  icon: 'M4 4h12v12H4z',
  accepts: ['jpeg'],
  produces: { kind: 'picture', formats: ['png'], transparentWhen: { edge: 'clear' } },
  options: z.strictObject({
    sigma: z.int().min(1).max(20).default(3).describe('How soft.'),
    edge: z.enum(['clear', 'white']).default('clear'),
    tint: z
      .string()
      .regex(/^#[0-9a-f]{6}$/)
      .default('#ffffff'),
  }),
  advancedOptions: ['tint'],
  model: null,
  objectiveMs: { interactive: 1_000 },
  priorServiceMs: { fixed: 10, perMegapixel: 10 },
});

afterEach(() => vi.unstubAllGlobals());

function answer(body: unknown, status = 200): void {
  vi.stubGlobal('fetch', async () => Response.json(body, { status }));
}

const learn = () => learnOperations(new AbortController().signal);

it('goes on with the built-in operations where the server cannot be asked', async () => {
  answer({ detail: 'down' }, 503);
  await learn();
  expect(knownOperations.value).toEqual(['sketch', 'remove-background', 'caption']);
});

it('knows what no worker can do, and believes that all can be done while it is not told otherwise', async () => {
  const everything = { available: true, models: null };
  expect(offerFor('caption')).toEqual(everything);
  const offers = {
    sketch: { available: false, models: null },
    caption: { available: true, models: ['auto', 'built-in'] },
  };
  answer({ operations: [], offers });
  await learn();
  expect(offerFor('sketch')).toEqual(offers.sketch);
  expect(offerFor('caption')).toEqual(offers.caption);
  expect(offerFor('remove-background')).toEqual(everything);
  answer({ operations: [] });
  await learn();
  expect(offerFor('sketch')).toEqual(everything);
});

it('learns a plug-in from the API: its words, options, look and settings', async () => {
  answer({ operations: [viewOf(blur)] });
  await learn();
  await learn();
  expect(knownOperations.value).toEqual(['sketch', 'remove-background', 'caption', 'blur']);
  expect(operationLabel('blur')).toBe('Blur');
  expect(activityOf('blur')).toBe('Blurring');

  const name: string = 'blur';
  if (!isOperationName(name)) throw new Error('It was learned.');
  expect(fieldsOf(name).map(({ key, kind, advanced }) => [key, kind, advanced])).toEqual([
    ['sigma', 'range', false],
    ['edge', 'choice', false],
    ['tint', 'colour', true],
  ]);
  const selection = createSelection();
  selection.toggle(name, true);
  selection.setOption(name, 'sigma', 50);
  expect(selection.obstacle.value).toBe('Nothing was sent. Blur: sigma must be at most 20.');

  const result = { ...emptyResult, contentType: 'image/png' };
  const job = sampleJob({ operation: name, options: {}, state: 'succeeded', result });
  expect(resultLook(job)).toMatchObject({ seeThrough: true });
  expect(resultLook({ ...job, options: { edge: 'white' } })).toMatchObject({ seeThrough: false });
  expect(routingFields().map(({ path }) => path)).toContain('objectivesMs.blur');
});

const emptyResult = {
  bucket: '',
  name: '',
  generation: '1',
  contentType: '',
  size: 1,
  crc32c: '',
  width: 4,
  height: 3,
  decodedPixels: null,
  model: null,
  notes: [],
  receipt: '',
  thumbnails: null,
  mask: null,
};
