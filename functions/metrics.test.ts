import { expect, it } from 'vitest';
import type { FunctionRequest, FunctionResponse } from './handler.ts';
import { withMetrics } from './metrics.ts';

/** What a function answers, and what happened in which order. */
async function answerTo(method: string, url: string, handle: (response: FunctionResponse) => void) {
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
  const push = { whenDue: async () => void steps.push('written') };
  const handler = withMetrics(
    async (_request, answer) => handle(answer),
    { text: async () => 'a 1\n' },
    push,
  );
  await handler(request, response).catch((error: Error) => steps.push(error.message));
  return steps;
}

it('metrics are written before the function answers, because there is no time afterwards', async () => {
  const json = await answerTo('POST', '/', (response) => void response.status(200).json({ sweeps: 1 }));
  expect(json).toEqual([200, 'written', { sweeps: 1 }]);
  const empty = await answerTo('POST', '/', (response) => void response.status(204).end());
  expect(empty).toEqual([204, 'written', 'ended']);
});

it('metrics are written where the function fails, too', async () => {
  const failing = () => {
    throw new Error('It failed.');
  };
  expect(await answerTo('POST', '/', failing)).toEqual(['written', 'It failed.']);
});

it('a function answers for its metrics beside its work', async () => {
  const asked = await answerTo('GET', '/metrics?from=prometheus', () => {});
  expect(asked).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8', 'a 1\n']);
});
