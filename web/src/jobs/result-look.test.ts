import type { JobView } from '@spillway/web/api/schema.ts';
import { expect, it } from 'vitest';
import { resultLook } from './result-look.ts';
import { sampleJob } from './sample-job.ts';

function lookOf(operation: string, options: JobView['options'], contentType = 'image/png', width = 800) {
  const result: JobView['result'] = {
    bucket: 'results',
    name: 'result',
    generation: '1',
    contentType,
    size: 1,
    crc32c: '',
    width,
    height: 400,
    decodedPixels: null,
    model: null,
    notes: [],
    receipt: '',
    thumbnails: null,
    mask: null,
  };
  return resultLook(sampleJob({ operation, options, state: 'succeeded', result }));
}

it.each([
  ['remove-background', { output: 'cutout', background: '' }, true],
  ['remove-background', {}, true],
  ['remove-background', { output: 'mask' }, false],
  ['remove-background', { background: '#00ff00' }, false],
  ['sketch', {}, false],
])('%s with %o shows what lies behind: %s', (operation, options, seeThrough) => {
  expect(lookOf(operation, options)).toEqual({ kind: 'picture', seeThrough, ratio: 2 });
});

it('shows a caption as words', () => {
  expect(lookOf('caption', {}, 'application/json')).toEqual({ kind: 'words' });
});

it('gives a picture that is long and thin a frame that can be held', () => {
  expect(lookOf('sketch', {}, 'image/png', 40_000)).toMatchObject({ ratio: 3 });
  expect(lookOf('sketch', {}, 'image/png', 1)).toMatchObject({ ratio: 1 / 3 });
});
