import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { PermanentError } from '@spillway/core/errors.ts';
import type { OperationManifest } from '@spillway/core/operations/operation.ts';
import {
  isOperationName,
  manifestOf,
  type OperationOptions,
  parseOptions,
} from '@spillway/core/operations.ts';
import { resultContentTypes } from '@spillway/core/picture-types.ts';
import type { StepTime } from '@spillway/core/spans.ts';
import type { CheckedImage } from './checked-image.ts';
import { textOf } from './child-failure.ts';
import {
  type ChildJob,
  type MadeThumbnails,
  type ProcessedImage,
  resultPathOf,
  thumbnailsPathOf,
} from './child-protocol.ts';
import { freeMemory } from './free-memory.ts';
import { collectGarbage } from './heic-library.ts';
import { incomplete, notesOnMissing, tolerate } from './incomplete.ts';
import { checkInput, type PlannedWork } from './input-gate.ts';
import type { InputLimits } from './input-limits.ts';
import type { ImageOperation, ImageOperations, OperationContext, OperationOutput } from './operation.ts';
import { makeThumbnails } from './thumbnails.ts';

/** The configuration of a process that makes results. */
export interface ProcessingSetup extends OperationContext {
  limits: InputLimits;
  operations: ImageOperations;
}

/**
 * One picture from file to file, in this process: check, run the operation, write the result beside its extension.
 * Call it only in a process that may crash with native code: a child, or a command that does one thing.
 * sharp must have been restricted before (`restrictSharp`).
 * @throws PermanentError or RetryableError; anything else is a defect of ours.
 */
export async function processImage(job: ChildJob, setup: ProcessingSetup): Promise<ProcessedImage> {
  const startedAt = performance.now();
  const task = taskOf(job, setup);
  const work = workOf(task, job.outputPath);
  const steps: StepTime[] = [];
  try {
    const context = { ...setup, thumbnails: job.thumbnails ?? false };
    const { output, image } = await produce(job.inputPath, task, work, context, steps);
    const path = resultPathOf(job, output.extension);
    await timed('write', steps, async () => writeFileSync(path, output.bytes));
    freeMemory(output.bytes);
    const thumbnails = await thumbnailsOf(job, image, output, path, steps);
    return imageOf(path, output, image, thumbnails, steps, performance.now() - startedAt);
  } finally {
    if (existsSync(work.copyPath)) rmSync(work.copyPath);
    forgetPicture();
  }
}

/** A picture whose result is there is a success, whatever becomes of its thumbnails. */
async function thumbnailsOf(
  job: ChildJob,
  image: CheckedImage,
  output: OperationOutput,
  resultPath: string,
  steps: StepTime[],
): Promise<MadeThumbnails> {
  if (!job.thumbnails) return { kind: 'not_wanted' };
  // What the operation leaves behind would count as theirs.
  forgetPicture();
  try {
    const path = thumbnailsPathOf(job);
    const made = await timed('thumbnails', steps, () => makeThumbnails(image, output, resultPath, path));
    return { kind: 'made', ...made };
  } catch (error) {
    return { kind: 'not_made', detail: textOf(error) };
  }
}

function imageOf(
  path: string,
  output: OperationOutput,
  image: CheckedImage,
  thumbnails: MadeThumbnails,
  steps: StepTime[],
  processMs: number,
): ProcessedImage {
  const { extension, width, height, model, inferenceMs, notes } = output;
  return {
    path,
    contentType: resultContentTypes[extension],
    extension,
    width,
    height,
    decodedPixels: image.width * image.height,
    model,
    processMs,
    inferenceMs,
    notes,
    thumbnails,
    steps,
  };
}

/** Adds a step that went well to `steps`. */
async function timed<Result>(
  step: StepTime['step'],
  steps: StepTime[],
  work: () => Promise<Result>,
): Promise<Result> {
  const startedAt = Date.now();
  const from = performance.now();
  const result = await work();
  steps.push({ step, startedAt, ms: performance.now() - from });
  return result;
}

/** What a job asks for, found in the registry and among the implementations of this process. */
interface Task {
  manifest: OperationManifest;
  operation: ImageOperation<OperationOptions>;
  options: OperationOptions;
}

function taskOf({ operation: name, options }: ChildJob, { operations }: ProcessingSetup): Task {
  const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
  if (!isOperationName(name) || !operation) throw new PermanentError('unknown_operation');
  const parsed = parseOptions(name, options);
  if (!parsed.ok) throw new PermanentError('invalid_options', parsed.message);
  return { manifest: manifestOf(name), operation, options: parsed.options };
}

/**
 * Resident bytes of this process after the last collection. More than `worthCollecting` above them is worth another
 * one. Module state, because it is a fact about the process.
 */
let settledBytes = 0;
const worthCollecting = 64 * 1024 * 1024;

/** V8 would keep the buffers of a large picture until the next one, where they would count as its memory. */
function forgetPicture(): void {
  if (process.memoryUsage.rss() <= settledBytes + worthCollecting) return;
  collectGarbage();
  settledBytes = process.memoryUsage.rss();
}

function workOf({ manifest, operation, options }: Task, outputPath: string): PlannedWork {
  return {
    accepts: manifest.accepts,
    bytesPerPixel: (decoded) => operation.bytesPerPixel(options, decoded),
    copyPath: `${outputPath}.copy`,
  };
}

async function produce(
  inputPath: string,
  task: Task,
  work: PlannedWork,
  setup: ProcessingSetup,
  steps: StepTime[],
): Promise<{ output: OperationOutput; image: CheckedImage }> {
  const image = await timed('check', steps, () => checkInput(inputPath, setup.limits, work));
  return await timed('make', steps, () => make(image, task, setup));
}

/**
 * If the decoder gives up on a picture, the job runs again with the faults that can be tolerated.
 * @returns The picture as it was worked on in the end.
 */
async function make(
  image: CheckedImage,
  { operation, options }: Task,
  context: OperationContext,
): Promise<{ output: OperationOutput; image: CheckedImage }> {
  try {
    return withNotes(await operation.make(image, options, context), image);
  } catch (error) {
    const tolerated = await tolerate(image, error);
    // The first attempt's memory would count as the second one's.
    forgetPicture();
    const output = await operation.make(tolerated, options, context).catch((again: unknown) => {
      // If that fails too, the first error is reported, or how much is missing, which is known by now.
      if (!isCorrupt(again)) throw again;
      throw tolerated.missing > 0 ? incomplete(tolerated.missing, error) : error;
    });
    return withNotes(output, tolerated);
  }
}

function withNotes(output: OperationOutput, image: CheckedImage) {
  return { output: { ...output, notes: [...notesOnMissing(image), ...output.notes] }, image };
}

function isCorrupt(error: unknown): boolean {
  return error instanceof PermanentError && error.code === 'corrupt_image';
}
