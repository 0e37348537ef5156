import { rmSync } from 'node:fs';
import { copyFile, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CaptionResult, captionResultSchema } from '@spillway/core/caption-result.ts';
import { type FailureCode, failureCodes, PermanentError, RetryableError } from '@spillway/core/errors.ts';
import type { Model } from '@spillway/core/job.ts';
import type { OperationName, OperationOptions } from '@spillway/core/operations.ts';
import type { ModelsSettings } from '@spillway/models/settings.ts';
import { createProcessor, type ProcessedImage } from '@spillway/processing/processor.ts';

/** Nobody waits in line behind a person's own command: what ends a job here is only what is surely a defect. */
const timeLimitMs = 10 * 60_000;
const memoryLimitBytes = 4 * 2 ** 30;
const recycleAfter = 200;

export type FileOutcome =
  | { kind: 'captioned'; caption: CaptionResult; out: string | null; model: Model | null }
  | { kind: 'made'; out: string; width: number; height: number; model: Model | null }
  | { kind: 'failed'; code: FailureCode; message: string };

/** Runs one operation on files, each in a child process: a crash of native code is one failed file. */
export interface FileProcessor {
  /**
   * Never rejects.
   * @param placeOf Path for the result, from its extension; null: it is read and not kept.
   */
  run(input: string, placeOf: (extension: string) => Promise<string | null>): Promise<FileOutcome>;
  close(): Promise<void>;
}

export async function openFileProcessor(
  operation: OperationName,
  options: OperationOptions,
  models: ModelsSettings,
  files: number,
): Promise<FileProcessor> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-'));
  const children = Math.min(slotsFor(operation), files);
  const processor = createProcessor({
    children,
    timeLimitMs,
    memoryLimitBytes,
    recycleAfter,
    models,
    // The first file warms up what it needs, and nothing else.
    warmUp: [],
  });
  // Ctrl-C leaves no time for more. A child that is at work would see only afterwards that it is alone.
  const leave = () => {
    for (const pid of processor.pids) process.kill(pid, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', leave);
  let runs = 0;
  return {
    async run(input, placeOf) {
      const outputPath = join(folder, String(runs++));
      try {
        const image = await processor.process({ operation, options, inputPath: input, outputPath });
        return await outcomeOf(operation, image, placeOf);
      } catch (error) {
        return failure(error);
      }
    },
    async close() {
      await processor.close();
      process.off('exit', leave);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A child with a model takes more memory, and uses several processors by itself. */
function slotsFor(operation: OperationName): number {
  const processors = availableParallelism();
  switch (operation) {
    case 'sketch':
      return processors;
    case 'remove-background':
      return Math.max(1, Math.floor(processors / 2));
    case 'caption':
      return Math.max(1, Math.floor(processors / 4));
    default:
      return operation satisfies never;
  }
}

async function outcomeOf(
  operation: OperationName,
  { path, extension, width, height, model }: ProcessedImage,
  placeOf: (extension: string) => Promise<string | null>,
): Promise<FileOutcome> {
  const caption = operation === 'caption' ? await readCaption(path) : null;
  const out = await placeOf(extension);
  if (out === null) await rm(path);
  else {
    await move(path, out).catch((error: Error) => {
      const message = `The result cannot be written (${error.message}).`;
      throw new PermanentError('internal', message, { cause: error });
    });
  }
  if (caption) return { kind: 'captioned', caption, out, model };
  return { kind: 'made', out: out ?? '', width, height, model };
}

async function readCaption(path: string): Promise<CaptionResult> {
  return captionResultSchema.parse(JSON.parse(await readFile(path, 'utf8')));
}

async function move(from: string, to: string): Promise<void> {
  await rename(from, to).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EXDEV') throw error;
    await copyWhole(from, to);
    await rm(from);
  });
}

/** Across file systems; under another name first, so that the result appears whole. */
async function copyWhole(from: string, to: string): Promise<void> {
  const draft = `${to}.part`;
  try {
    await copyFile(from, draft);
    await rename(draft, to);
  } finally {
    await rm(draft, { force: true });
  }
}

function failure(error: unknown): FileOutcome {
  if (error instanceof PermanentError || error instanceof RetryableError) {
    return { kind: 'failed', code: error.code, message: error.message };
  }
  const reason = error instanceof Error ? error.message : String(error);
  return { kind: 'failed', code: 'internal', message: `${failureCodes.internal} (${reason})` };
}
