import { routingSettingsSchema } from '@spillway/core/settings.ts';
import { createMemoryPorts } from '@spillway/pipeline/memory/ports.ts';
import type { MinimumChange } from '@spillway/pipeline/ports/run-service.ts';
import { expect, it } from 'vitest';
import type { FunctionRequest, FunctionResponse } from './handler.ts';
import { createFindLostFunction, createSweepFunction } from './sweep.ts';

const request: FunctionRequest = {
  ...{ method: 'POST', url: '/', query: {}, body: undefined },
  ...{ headers: {}, headersDistinct: {} },
};

/** A response that keeps what it is answered with. */
function keptResponse() {
  const answers: unknown[] = [];
  const response: FunctionResponse = {
    set: () => response,
    status(code) {
      answers.push(code);
      return response;
    },
    json(value) {
      answers.push(value);
      return response;
    },
    end() {},
  };
  return { answers, response };
}

it('answers only when what it began beside its sweep has ended: after the answer it gets no processor time', async () => {
  const routing = routingSettingsSchema.parse({
    forecast: { prewarming: true, minInstances: { least: 1 } },
  });
  const memory = createMemoryPorts({ routing });
  const change = Promise.withResolvers<MinimumChange>();
  const asked: number[] = [];
  const runService = {
    ...memory.runService,
    setMinimumInstances(count: number) {
      asked.push(count);
      return change.promise;
    },
  };
  const { answers, response } = keptResponse();
  const handled = createSweepFunction({ ...memory, runService }, 0)(request, response);
  await expect.poll(() => asked).toEqual([1]);
  expect(answers).toEqual([]);
  change.resolve({ kind: 'done', before: 0 });
  await handled;
  expect(answers).toEqual([{ sweeps: 1 }]);
  expect(await memory.forecasts.read()).toMatchObject({ set: 1 });
});

/** Two pages of lost uploads. */
function lostUploads() {
  const memory = createMemoryPorts();
  for (let each = 0; each < 3; each++)
    memory.blobs.upload('uploads', `sketch/${each}.jpg`, Buffer.from('a picture'));
  const { listPage } = memory.blobs;
  memory.blobs.listPage = async (bucket, behind) => {
    const { objects, unreadable } = await listPage(bucket, behind);
    const [first, next] = objects;
    return { objects: first ? [first] : [], unreadable, next: first && next ? first.name : null };
  };
  return memory;
}

it('a search that its time ends is taken up by the next call, and says which of the two it was', async () => {
  const memory = lostUploads();
  const call = async (forMs: number, query = {}) => {
    const { answers, response } = keptResponse();
    await createFindLostFunction(memory, -60_000, forMs)({ ...request, query }, response);
    return answers;
  };
  // Each of both searches looks at one page, and the second finds the jobs of the first.
  expect(await call(0)).toEqual([{ looked: 2, made: 1, passedOver: 0, complete: false }]);
  expect(await call(60_000)).toEqual([expect.objectContaining({ made: 2, passedOver: 0, complete: true })]);
  expect(await call(60_000, { days: '1' })).toEqual([{ looked: 3, made: 0, passedOver: 0, complete: true }]);
});

it.each(['x', '-1', '100000'])(
  'days that are no number that it can look back are refused: %s',
  async (days) => {
    const { answers, response } = keptResponse();
    await createFindLostFunction(createMemoryPorts(), 0, 0)({ ...request, query: { days } }, response);
    expect(answers).toEqual([400, { problem: expect.stringContaining('days') }]);
  },
);
