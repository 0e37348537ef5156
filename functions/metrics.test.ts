import { expect, it } from 'vitest';
import type { FunctionRequest, FunctionResponse } from './handler.ts';
import { withMetrics } from './metrics.ts';

/** What a function that answers 204 says to a request. */
async function answerTo(method: string, url: string) {
  const steps: unknown[] = [];
  const response: FunctionResponse = {
    set: (header, value) => {
      if (header === 'Content-Type') steps.push(value);
      return response;
    },
    status(code) {
      steps.push(code);
      return response;
    },
    json(value) {
      steps.push(value);
      return response;
    },
    end: (text) => steps.push(text ?? 'ended'),
  };
  const request: FunctionRequest = { method, url, headers: {}, headersDistinct: {}, query: {}, body: null };
  const handler = withMetrics(async (_request, answer) => void answer.status(204).end(), {
    text: async () => 'a 1\n',
  });
  await handler(request, response);
  return steps;
}

it('a function answers for its metrics beside its work', async () => {
  const asked = await answerTo('GET', '/metrics?from=prometheus');
  expect(asked).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8', 'a 1\n']);
  expect(await answerTo('POST', '/metrics')).toEqual([204, 'ended']);
});
