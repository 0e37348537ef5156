import { routingSettingsSchema } from '@spillway/core/settings.ts';
import { createMemoryPorts } from '@spillway/pipeline/memory/ports.ts';
import type { MinimumChange } from '@spillway/pipeline/ports/run-service.ts';
import { expect, it } from 'vitest';
import type { FunctionRequest, FunctionResponse } from './handler.ts';
import { createSweepFunction } from './sweep.ts';

const request: FunctionRequest = {
  ...{ method: 'POST', url: '/', query: {}, body: undefined },
  ...{ headers: {}, headersDistinct: {} },
};

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
  const answers: unknown[] = [];
  const response: FunctionResponse = {
    set: () => response,
    status: () => response,
    json(value) {
      answers.push(value);
      return response;
    },
    end() {},
  };
  const handled = createSweepFunction({ ...memory, runService }, 0)(request, response);
  await expect.poll(() => asked).toEqual([1]);
  expect(answers).toEqual([]);
  change.resolve({ kind: 'done', before: 0 });
  await handled;
  expect(answers).toEqual([{ sweeps: 1 }]);
  expect(await memory.forecasts.read()).toMatchObject({ set: 1 });
});
