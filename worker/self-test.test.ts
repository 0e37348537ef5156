import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PermanentError, RetryableError } from '@spillway/core/errors.ts';
import { addOperations, builtInNames, manifestOf } from '@spillway/core/operations.ts';
import { steadyService } from '@spillway/core/testing/learned-service.ts';
import { createProcessor, type ProcessRequest } from '@spillway/processing/processor.ts';
import { expect, it, onTestFinished } from 'vitest';
import { selfTest } from './self-test.ts';

async function temporary(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-self-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

it('goes well on this machine, with every built-in operation, and leaves nothing behind', {
  timeout: 60_000,
}, async () => {
  const folder = await temporary();
  const limits = { timeLimitMs: 30_000, memoryLimitBytes: 1.5e9, recycleAfter: 500 };
  const processor = createProcessor({ children: 1, ...limits, models: { folder: join(folder, 'models') } });
  onTestFinished(() => processor.close());
  await processor.warmUp();
  const workDir = await temporary();
  // However busy the machine is while this runs.
  const learned = Object.fromEntries(builtInNames.map((name) => [name, steadyService(1_000)]));
  expect(await selfTest(processor, workDir, { learned })).toBeNull();
  expect(await readdir(workDir)).toEqual([]);
});

it('names the operation that fails', async () => {
  const process = async ({ operation }: ProcessRequest) => {
    if (operation === 'caption') throw new RetryableError('internal', 'The child crashed.');
    // A model that is missing is not the machine's fault.
    throw new PermanentError('model_missing');
  };
  const problem = await selfTest({ process, tryStart: async () => {} }, await temporary());
  expect(problem).toEqual({ lack: null, why: 'caption: The child crashed.' });
});

it('leaves plug-ins out: their failure says nothing of the machine', async () => {
  const manifest = { ...manifestOf('sketch'), name: 'broken' };
  onTestFinished(addOperations([{ manifest, module: null }]));
  const tested: string[] = [];
  const process = async ({ operation }: ProcessRequest): Promise<never> => {
    tested.push(operation);
    throw operation === 'broken' ? new Error('no such thing') : new PermanentError('model_missing');
  };
  expect(await selfTest({ process, tryStart: async () => {} }, await temporary())).toBeNull();
  expect(tested).toEqual(builtInNames);
});
