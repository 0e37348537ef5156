import { describe, expect, it } from 'vitest';
import { jobId } from './job-id.ts';

const identity = {
  bucket: 'uploads',
  name: 'sketch/1.jpg',
  generation: '1',
  operation: 'sketch',
  options: { blur: 21, format: 'png' },
  run: 1,
};

describe('jobId', () => {
  it('is the same for the same request, in any order of its options', () => {
    expect(jobId({ ...identity, options: { format: 'png', blur: 21 } })).toBe(jobId(identity));
  });

  it.each([
    { bucket: 'other' },
    { name: 'sketch/2.jpg' },
    { generation: '2' },
    { operation: 'other' },
    { options: { blur: 15, format: 'png' } },
    { run: 2 },
  ])('differs with %o', (change) => {
    expect(jobId({ ...identity, ...change })).not.toBe(jobId(identity));
  });

  it('does not confuse where one part ends and the next begins', () => {
    expect(jobId({ ...identity, bucket: 'a', name: 'bc' })).not.toBe(
      jobId({ ...identity, bucket: 'ab', name: 'c' }),
    );
  });
});
