import { describe, expect, it } from 'vitest';
import { RefusedError } from './errors.ts';
import { refusalOf } from './refusal.ts';
import { later, sampleJob } from './testing/sample-job.ts';

const day = 24 * 3_600_000;

describe('a refusal', () => {
  it('of one request ends its job at once', () => {
    expect(refusalOf(sampleJob(), new RefusedError('No.'), later(0))).toEqual({
      code: 'service_refused',
      message: 'No.',
      retryable: false,
    });
  });

  it('of everything ends no job for a day, and then one that a person may run again', () => {
    const refused = new RefusedError('PERMISSION_DENIED', { scope: 'service' });
    expect(refusalOf(sampleJob(), refused, later(day - 1))).toBeNull();
    expect(refusalOf(sampleJob(), refused, later(day))).toMatchObject({
      code: 'service_refused',
      retryable: true,
    });
  });
});
