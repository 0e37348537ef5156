import { silentLog } from '@spillway/pipeline/memory/ports.ts';
import { expect, it } from 'vitest';
import { beforeAnswer } from './before-answer.ts';
import { withFailures } from './failures.ts';
import type { FunctionHandler, FunctionRequest, FunctionResponse } from './handler.ts';

const request: FunctionRequest = {
  method: 'POST',
  url: '/',
  headers: {},
  headersDistinct: {},
  query: {},
  body: undefined,
};

/** What is done, in its order. */
function recorded(handler: FunctionHandler) {
  const done: unknown[] = [];
  const response: FunctionResponse = {
    set: () => response,
    status(code) {
      done.push(code);
      return response;
    },
    json(value) {
      done.push(value);
      return response;
    },
    end: () => done.push('end'),
  };
  const whole = beforeAnswer(handler, async () => void done.push('work'));
  return { done, call: () => whole(request, response) };
}

it.each<[unknown, FunctionHandler]>([
  ['end', async (_, response) => void response.status(204).end()],
  [{ sweeps: 1 }, async (_, response) => void response.status(204).json({ sweeps: 1 })],
])('what has to be done before the answer %j is done before it', async (answer, handler) => {
  const { done, call } = recorded(handler);
  await call();
  expect(done).toEqual([204, 'work', answer]);
});

it('it is done where the function fails, too', async () => {
  const failing: FunctionHandler = async () => {
    throw new Error('It failed.');
  };
  const { done, call } = recorded(withFailures(failing, silentLog));
  await call();
  expect(done).toEqual([500, 'work', 'end']);
});
