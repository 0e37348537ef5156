import { mkdtemp, rm } from 'node:fs/promises';
import { constants, setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { MachineError, PermanentError, RetryableError } from '@spillway/core/errors.ts';
import { lackSentence, machineErrorOf } from '@spillway/core/machine-lack.ts';
import { isOperationName, manifestOf } from '@spillway/core/operations.ts';
import { openModels } from '@spillway/models/library.ts';
import sharp from 'sharp';
import { failureOutcome, machineFault, textOf } from './child-failure.ts';
import {
  type ChildAnswer,
  type ChildJob,
  type ChildOutcome,
  type ChildSettings,
  type ChildStart,
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

  const answer = async (message: unknown): Promise<ChildStart | ChildAnswer> => {
    const request = childRequestSchema.parse(message);
    switch (request.kind) {
      case 'start':
        return await start(request.settings, operations, (made) => {
          setup = made;
        });
      case 'process':
        return await answerJob(request.job, setup, operations);
      default:
        return request satisfies never;
    }
  };
  process.on('message', async (message) => process.send?.(await answer(message)));
}

/** The answer to a job, also where code throws beside it: in a callback, or in a promise that nobody awaits. */
async function answerJob(
  job: ChildJob,
  setup: ProcessingSetup | null,
  operations: ImageOperations,
): Promise<ChildAnswer> {
  const stray = Promise.withResolvers<ChildOutcome>();
  const onStray = (error: unknown) => stray.resolve(failureOutcome(error));
  process.once('uncaughtException', onStray);
  try {
    const outcome = await Promise.race([outcomeOf(job, setup), stray.promise]);
    return { outcome, models: loadedModels(operations) };
  } finally {
    process.off('uncaughtException', onStray);
  }
}

/** A child that cannot get ready has a machine below it, or a program inside it, with which no job would end well. */
async function start(
  settings: ChildSettings,
  operations: ImageOperations,
  onSetUp: (setup: ProcessingSetup) => void,
): Promise<ChildStart> {
  try {
    const setup = setUp(settings, operations);
    await warmUp(settings.warmUp, setup);
    onSetUp(setup);
    return { kind: 'ready', models: loadedModels(operations) };
  } catch (error) {
    const fault = machineFault(error);
    const detail = textOf(error);
    return fault ? { kind: 'unfit', lack: fault.lack, detail } : { kind: 'broken', detail };
  }
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
async function warmUp(names: readonly string[], setup: ProcessingSetup): Promise<void> {
  const folder = await temporaryFolder();
  try {
    const inputPath = join(folder, 'warm-up');
    const noise = { type: 'gaussian', mean: 128, sigma: 30 } as const;
    const background = { r: 128, g: 128, b: 128 };
    const create = { width: warmUpSide, height: warmUpSide, channels: 3, background, noise } as const;
    await sharp({ create }).jpeg().toFile(inputPath);
    for (const operation of names) {
      const job = { operation, options: {}, inputPath, outputPath: join(folder, operation) };
      const runs = takesJpeg(operation) ? (setup.operations[operation]?.warmUpRuns ?? 0) : 0;
      for (let run = 0; run < runs; run++) await warmUpRun(job, setup);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Its place is the worker's own: where it cannot be made, nothing can be written. */
async function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'spillway-warm-up-')).catch((cause: unknown) => {
    throw (
      machineErrorOf(cause) ?? new MachineError('writable_disk', lackSentence('writable_disk'), { cause })
    );
  });
}

/** The test picture is a JPEG. */
function takesJpeg(operation: string): boolean {
  return isOperationName(operation) && manifestOf(operation).accepts.includes('jpeg');
}

/**
 * An operation that fails, such as one whose model is missing, must not keep the others from working: its jobs will say
 * so. What the machine lacks keeps every operation from working.
 */
async function warmUpRun(job: ChildJob, setup: ProcessingSetup): Promise<void> {
  try {
    await processImage(job, setup);
  } catch (error) {
    if (machineFault(error)) throw error;
    const why =
      error instanceof PermanentError || error instanceof RetryableError ? error.message : textOf(error);
    console.error(`${job.operation} cannot work yet: ${why}`);
  }
}

async function outcomeOf(job: ChildJob, setup: ProcessingSetup | null): Promise<ChildOutcome> {
  try {
    if (!setup) throw new Error('A job came before the start.');
    return { kind: 'processed', image: await processImage(job, setup) };
  } catch (error) {
    return failureOutcome(error);
  }
}
