import { expect, test } from 'vitest';
import { failureCodes } from './errors.ts';
import { largestFile, sizeRefusal } from './file-size.ts';

test('sizes up to the limit are accepted, nothing and more are refused', () => {
  expect(sizeRefusal(1)).toBeNull();
  expect(sizeRefusal(largestFile)).toBeNull();
  expect(sizeRefusal(0)).toEqual({ code: 'empty_file', message: failureCodes.empty_file });
  expect(sizeRefusal(largestFile + 1)).toEqual({
    code: 'file_too_large',
    message: 'The file has 64.1 MiB; the limit is 64.0 MiB.',
  });
});
