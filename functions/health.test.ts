import type { HealthReport } from '@spillway/pipeline/health.ts';
import { expect, it } from 'vitest';
import type { FunctionRequest, FunctionResponse } from './handler.ts';
import { withHealth } from './health.ts';

/** What a function that answers 204 says to a request. */
async function answerTo(method: string, url: string, report: HealthReport) {
  let code = 200;
  let body: unknown = null;
  const response: FunctionResponse = {
    set: () => response,
    status(value) {
      code = value;
      return response;
    },
    json(value) {
      body = value;
      return response;
    },
    end: () => {},
  };
  const request: FunctionRequest = {
    method,
    url,
    headers: {},
    headersDistinct: {},
    query: {},
    body: undefined,
  };
  const handler = withHealth(async (_request, answer) => void answer.status(204).end(), {
    begin: () => {},
    report: async () => report,
  });
  await handler(request, response);
  return [code, body];
}

it('a function answers for its health beside its work', async () => {
  const cutOff: HealthReport = { status: 'unreachable', detail: 'cannot reach the database since 70 s' };
  expect(await answerTo('GET', '/health', { status: 'ready' })).toEqual([200, { status: 'ready' }]);
  expect(await answerTo('GET', '/health?from=probe', cutOff)).toEqual([503, cutOff]);
  expect(await answerTo('POST', '/', cutOff)).toEqual([204, null]);
});
