import { mkdtemp, rm } from 'node:fs/promises';
import { constants, setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { failureCodes, PermanentError, RetryableError } from '@spillway/core/errors.ts';
import { operationNames } from '@spillway/core/operations.ts';
import sharp from 'sharp';
import {
  type ChildOutcome,
  type ChildReady,
  type ChildSettings,
  childRequestSchema,
  type ProcessedImage,
} from './child-protocol.ts';
import { restrictSharp } from './decode.ts';
import { defaultInputLimits, type InputLimits } from './input-limits.ts';
import type { ImageOperations } from './operation.ts';
import { processImage } from './process-image.ts';

/**
 * Makes this process a child that answers `start` and then any number of `process`, one at a time.
 * A child's entry script calls it with the operations that it offers.
 */
export function serveChild(operations: ImageOperations): void {
  endWithParent();
  // Below the parent, whose heartbeats and lease extensions must run on time beside busy children.
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  let limits = defaultInputLimits;

  const answer = async (message: unknown): Promise<ChildReady | ChildOutcome> => {
    const request = childRequestSchema.parse(message);
    switch (request.kind) {
      case 'start':
        limits = request.settings.limits;
        return await start(request.settings, operations);
      case 'process':
        return await outcome(() => processImage(request.job, limits, operations));
      default:
        return request satisfies never;
    }
  };
  process.on('message', async (message) => process.send?.(await answer(message)));
}

async function start({ threads, limits }: ChildSettings, operations: ImageOperations): Promise<ChildReady> {
  restrictSharp(threads);
  await warmUp(limits, operations);
  const models = Object.values(operations).flatMap((operation) => operation.models);
  return { models: [...new Set(models)] };
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
const warmUpRounds = 3;

/** Sends a small picture through every operation, so that the first job finds code, models and threads ready. */
async function warmUp(limits: InputLimits, operations: ImageOperations): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-warm-up-'));
  try {
    const inputPath = join(folder, 'warm-up');
    const noise = { type: 'gaussian', mean: 128, sigma: 30 } as const;
    const background = { r: 128, g: 128, b: 128 };
    const create = { width: warmUpSide, height: warmUpSide, channels: 3, background, noise } as const;
    await sharp({ create }).jpeg().toFile(inputPath);
    for (let round = 0; round < warmUpRounds; round++) {
      for (const operation of operationNames) {
        const job = { operation, options: {}, inputPath, outputPath: join(folder, operation) };
        await processImage(job, limits, operations);
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function outcome(run: () => Promise<ProcessedImage>): Promise<ChildOutcome> {
  try {
    return { kind: 'processed', image: await run() };
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
