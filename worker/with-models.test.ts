import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PermanentError } from '@spillway/core/errors.ts';
import type { JobProgress } from '@spillway/core/job.ts';
import { parseOptions } from '@spillway/core/operations.ts';
import type { Process } from '@spillway/pipeline/deliver.ts';
import { copying } from '@spillway/pipeline/testing/workbench.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withModels } from './with-models.ts';

let folder: string;
let told: (JobProgress | null)[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-with-models-'));
  told = [];
});
afterEach(() => rm(folder, { recursive: true }));

/** A job of `remove-background` on a machine without models, whose source is an empty directory. */
function run(model: string, process: Process): ReturnType<Process> {
  const parsed = parseOptions('remove-background', { model });
  if (!parsed.ok) throw new Error(parsed.message);
  const models = { folder: join(folder, 'models') };
  return withModels(process, models, join(folder, 'source'), () => {})({
    operation: 'remove-background',
    options: parsed.options,
    inputPath: join(folder, 'in'),
    outputPath: join(folder, 'out'),
    signal: new AbortController().signal,
    onProgress: (progress) => told.push(progress),
  });
}

test.each(['auto', 'built-in'])('%s needs nothing to be fetched', async (model) => {
  let runs = 0;
  await run(model, async (request) => {
    runs++;
    return fakeResult(request.outputPath);
  });
  expect(runs).toBe(1);
  expect(told).toEqual([]);
});

test('a model that cannot be had ends the job with the command that installs it', async () => {
  const error = await run('u2netp', copying).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(PermanentError);
  expect(error).toMatchObject({
    code: 'model_missing',
    message: expect.stringContaining('npx spillway models fetch u2netp'),
  });
  expect(told[0]).toEqual({ kind: 'downloading_model', model: 'u2netp', share: 0 });
});

async function fakeResult(path: string): ReturnType<Process> {
  return { path, contentType: 'image/png', extension: 'png', width: 1, height: 1, model: null, processMs: 1 };
}
