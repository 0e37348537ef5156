import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PermanentError } from '@spillway/core/errors.ts';
import type { JobProgress } from '@spillway/core/job.ts';
import { type OperationName, parseOptions } from '@spillway/core/operations.ts';
import { mirrorCheckpoint } from '@spillway/models/testing/mirror.ts';
import type { Operate } from '@spillway/pipeline/executor.ts';
import { copying, plainOutput } from '@spillway/pipeline/testing/workbench.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fetchingModels } from './fetching-models.ts';

let folder: string;
let told: (JobProgress | null)[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-fetching-models-'));
  told = [];
});
afterEach(() => rm(folder, { recursive: true }));

/** A job on a machine without models, whose source is the directory `source`: empty unless the test fills it. */
async function run(
  model: string,
  process: Operate,
  operation: OperationName = 'remove-background',
): ReturnType<Operate> {
  const parsed = parseOptions(operation, { model });
  if (!parsed.ok) throw new Error(parsed.message);
  const models = { folder: join(folder, 'models') };
  const request: Parameters<Operate>[0] = {
    operation,
    options: parsed.options,
    inputPath: join(folder, 'in'),
    outputPath: join(folder, 'out'),
    signal: new AbortController().signal,
    onProgress: (progress) => told.push(progress),
  };
  await fetchingModels(models, join(folder, 'source'), () => {})(request);
  return process(request);
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

test('a disk without room for a model is the machine’s fault, for this job and for the next', async () => {
  for (const path of ['u2netp.onnx', 'u2netp/u2netp.onnx']) {
    await mkdir(join(folder, 'source', 'u2netp'), { recursive: true });
    await writeFile(join(folder, 'source', path), 'weights');
  }
  const notes = join(folder, 'models', '.partial', 'u2netp', 'notes');
  await mkdir(notes, { recursive: true });
  // Writing to it fails with ENOSPC.
  await symlink('/dev/full', join(notes, 'u2netp.onnx.json'));
  for (const _ of ['this job', 'the next']) {
    const error = await run('u2netp', copying).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'MachineError', lack: 'disk' });
  }
});

test('a share never falls, although a model that is made smaller counts from zero again', async () => {
  await mirrorCheckpoint(join(folder, 'source'));
  await run('blip-image-captioning-base-int8', ({ outputPath }) => fakeResult(outputPath), 'caption');
  expect(told.at(-1)).toBeNull();
  const shares = told.slice(0, -1).map((progress) => progress?.share ?? Number.NaN);
  expect(shares).toEqual(shares.toSorted((a, b) => a - b));
  expect(shares[0]).toBe(0);
  expect(shares.at(-1)).toBe(1);
});

async function fakeResult(path: string): ReturnType<Operate> {
  return { ...plainOutput, path };
}
