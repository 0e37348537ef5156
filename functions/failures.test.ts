import { OutageError } from '@spillway/core/errors.ts';
import { expect, it, vi } from 'vitest';
import { withFailures } from './failures.ts';
import type { FunctionRequest, FunctionResponse } from './handler.ts';

function answered() {
  const statuses: number[] = [];
  const response: FunctionResponse = {
    set: () => response,
    status(code) {
      statuses.push(code);
      return response;
    },
    json: () => response,
    end: () => {},
  };
  return { response, statuses };
}

it.each([
  [new OutageError('Firestore did not answer.'), 503, 'warn'],
  [new TypeError('x is not a function'), 500, 'error'],
] as const)('logs %s as other programs do, and makes the caller come again', async (error, status, level) => {
  const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const { response, statuses } = answered();
  const failing = withFailures(() => Promise.reject(error), log);
  await failing({ method: 'POST', url: '/' } as FunctionRequest, response);
  expect(statuses).toEqual([status]);
  expect(log[level]).toHaveBeenCalledExactlyOnceWith({ error }, expect.stringContaining(error.message));
});
