import { expect, it } from 'vitest';
import { visitorFailure, visitorNotes } from './visitor-words.ts';

it('says what is wrong with a picture, with its details', () => {
  expect(
    visitorFailure({
      code: 'corrupt_image',
      message: 'The file is incomplete: 40 % of the picture is missing.',
      retryable: false,
    }),
  ).toEqual({
    summary: 'The picture is damaged or incomplete.',
    detail: 'The file is incomplete: 40 % of the picture is missing.',
  });
});

it.each([
  [
    'model_missing',
    'The file of the model u2net is not there. Install it: `npx spillway models fetch u2net`.',
  ],
  ['model_invalid', '/models/u2net.onnx is cut off: it is shorter than its header says.'],
  ['service_refused', 'Firestore refused: PERMISSION_DENIED.'],
  ['internal', 'TypeError: cannot read properties of undefined'],
] as const)('says of a failure as %s that it is not the picture’s, and no more', (code, message) => {
  const { summary, detail } = visitorFailure({ code, message, retryable: false });
  expect(summary).toMatch(/^(This cannot be made here|Something went wrong on our side)/);
  expect(detail).toBeNull();
});

it('leaves out advice for the people who run the service', () => {
  expect(
    visitorNotes([
      'Made as PNG: JPEG has no transparency.',
      'Nothing says how the model cars wants its input, so it was given as to a U²-Net, though 512 pixels a side are more like another net’s. Say it with --model-input, or in cars.json beside the model.',
      'The model found almost nothing to keep in this picture. Say it with --model-input, or in cars.json beside the model.',
    ]),
  ).toEqual([
    'Made as PNG: JPEG has no transparency.',
    'The model found almost nothing to keep in this picture.',
  ]);
});
