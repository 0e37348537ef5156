import { mkdtemp, rm } from 'node:fs/promises';
import { constants, setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FailureCode, failureCodes, PermanentError, RetryableError } from '@spillway/core/errors.ts';
import type { OperationName } from '@spillway/core/operations.ts';
import { openModels } from '@spillway/models/library.ts';
import sharp from 'sharp';
import {
  type ChildAnswer,
  type ChildJob,
  type ChildOutcome,
  type ChildReady,
  type ChildSettings,
  childRequestSchema,
} from './child-protocol.ts';
import { restrictSharp } from './decode.ts';
import type { ImageOperations } from './operation.ts';
import { type ProcessingSetup, processImage } from './process-image.ts';

/**
 * Makes this process a child that answers `start` and then any number of `process`, one at a time.
 * A child's entry script calls it with the operations that it offers.
 */
export function serveChild(operations: ImageOperations): void {
  endWithParent();
  // Below the parent, whose heartbeats and lease extensions must run on time beside busy children.
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  let setup: ProcessingSetup | null = null;

  const answer = async (message: unknown): Promise<ChildReady | ChildAnswer> => {
    const request = childRequestSchema.parse(message);
    switch (request.kind) {
      case 'start':
        setup = setUp(request.settings, operations);
        await warmUp(request.settings.warmUp, setup);
        return { models: loadedModels(operations) };
      case 'process': {
        const outcome = await outcomeOf(request.job, setup);
        return { outcome, models: loadedModels(operations) };
      }
      default:
        return request satisfies never;
    }
  };
  process.on('message', async (message) => process.send?.(await answer(message)));
}

function setUp({ threads, limits, models }: ChildSettings, operations: ImageOperations): ProcessingSetup {
  restrictSharp(threads);
  return { threads, limits, operations, models: openModels(models) };
}

function loadedModels(operations: ImageOperations): string[] {
  return [...new Set(Object.values(operations).flatMap((operation) => operation.loadedModels()))];
}

/**
 * The channel to the parent closes when the parent dies, by SIGKILL too. SIGKILL here as well: an orderly exit would
 * first wait for the native work that is under way.
 */
function endWithParent(): void {
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
}

/**
 * A quarter of a megapixel: enough for V8 to compile the loops over pixels, which a job would otherwise wait for.
 * Noise, because flat pictures take shorter ways.
 */
const warmUpSide = 512;

/** Sends small pictures through the operations, so that the first job finds code, models and threads ready. */
async function warmUp(names: OperationName[], setup: ProcessingSetup): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-warm-up-'));
  try {
    const inputPath = join(folder, 'warm-up');
    const noise = { type: 'gaussian', mean: 128, sigma: 30 } as const;
    const background = { r: 128, g: 128, b: 128 };
    const create = { width: warmUpSide, height: warmUpSide, channels: 3, background, noise } as const;
    await sharp({ create }).jpeg().toFile(inputPath);
    for (const operation of names) {
      const job = { operation, options: {}, inputPath, outputPath: join(folder, operation) };
      for (let run = 0; run < setup.operations[operation].warmUpRuns; run++) await warmUpRun(job, setup);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * A model that is missing, damaged or too large for the machine must not keep the other operations from working: its
 * jobs will say so.
 */
async function warmUpRun(job: ChildJob, setup: ProcessingSetup): Promise<void> {
  try {
    await processImage(job, setup);
  } catch (error) {
    if (!isOfModel(error)) throw error;
    console.error(`${job.operation} cannot work yet: ${error.message}`);
  }
}

const modelCodes: ReadonlySet<FailureCode> = new Set(['model_missing', 'model_invalid', 'out_of_memory']);

function isOfModel(error: unknown): error is PermanentError | RetryableError {
  const isKnown = error instanceof PermanentError || error instanceof RetryableError;
  return isKnown && modelCodes.has(error.code);
}

async function outcomeOf(job: ChildJob, setup: ProcessingSetup | null): Promise<ChildOutcome> {
  try {
    if (!setup) throw new Error('A job came before the start.');
    return { kind: 'processed', image: await processImage(job, setup) };
  } catch (error) {
    return failure(error);
  }
}

function failure(error: unknown): ChildOutcome {
  const detail = describe(error);
  if (error instanceof PermanentError) {
    return { kind: 'permanent', code: error.code, message: error.message, detail };
  }
  if (error instanceof RetryableError) {
    return { kind: 'retryable', code: error.code, message: error.message, detail };
  }
  return { kind: 'retryable', code: 'internal', message: failureCodes.internal, detail };
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const text = error.stack ?? error.message;
  return error.cause === undefined ? text : `${text}\nCaused by: ${describe(error.cause)}`;
}
