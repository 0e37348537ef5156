import { mkdtemp, rm } from 'node:fs/promises';
import { constants, setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { MachineError, PermanentError, RetryableError } from '@spillway/core/errors.ts';
import { lackSentence, machineErrorOf } from '@spillway/core/machine-lack.ts';
import { isBuiltIn, isOperationName, manifestOf } from '@spillway/core/operations.ts';
import { openModels } from '@spillway/models/library.ts';
import { PluginError } from '@spillway/plugins/load.ts';
import sharp from 'sharp';
import { type ChildChannel, channelToWorker } from './child-channel.ts';
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
import { PluginFault } from './plugin-fault.ts';
import { loadPluginOperations } from './plugin-operation.ts';
import { type ProcessingSetup, processImage } from './process-image.ts';

/**
 * Makes this process a child that answers `start` and then any number of `process`, one at a time.
 * A child's entry script calls it with the built-in operations; those of plug-ins come with `start`.
 */
export function serveChild(builtIn: ImageOperations): void {
  const channel = channelToWorker();
  endWithWorker(channel);
  // Lower than the parent's: its heartbeats and lease extensions must be on time beside busy children.
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  let setup: ProcessingSetup | null = null;

  const answer = async (message: unknown): Promise<ChildStart | ChildAnswer> => {
    const request = childRequestSchema.parse(message);
    switch (request.kind) {
      case 'start':
        return await answerStart(request.settings, builtIn, (made) => {
          setup = made;
        });
      case 'process':
        return await answerJob(request.job, setup);
      default:
        return request satisfies never;
    }
  };
  channel.on('message', async (message) => channel.send(await answer(message)));
}

/** Answers a job, also if code throws outside of it: in a callback, or in a promise that is not awaited. */
async function answerJob(job: ChildJob, setup: ProcessingSetup | null): Promise<ChildAnswer> {
  const outcome = await withStray(outcomeOf(job, setup), (error) =>
    failureOutcome(isBuiltIn(job.operation) ? error : new PluginFault(job.operation, error)),
  );
  return { outcome, models: setup ? loadedModels(setup.operations) : [] };
}

/** The answer of `work`, or what `answer` makes of an error that code throws beside it. */
async function withStray<Answer>(work: Promise<Answer>, answer: (error: unknown) => Answer): Promise<Answer> {
  const stray = Promise.withResolvers<Answer>();
  const onStray = (error: unknown) => stray.resolve(answer(error));
  process.once('uncaughtException', onStray);
  try {
    return await Promise.race([work, stray.promise]);
  } finally {
    process.off('uncaughtException', onStray);
  }
}

/** If a child cannot get ready, the machine or the program is at fault, and every job would fail. */
async function answerStart(
  settings: ChildSettings,
  builtIn: ImageOperations,
  onSetUp: (setup: ProcessingSetup) => void,
): Promise<ChildStart> {
  return await withStray(start(settings, builtIn, onSetUp).catch(unreadiness), unreadiness);
}

async function start(
  settings: ChildSettings,
  builtIn: ImageOperations,
  onSetUp: (setup: ProcessingSetup) => void,
): Promise<ChildStart> {
  const setup = await setUp(settings, builtIn);
  await warmUp(settings.warmUp, setup);
  onSetUp(setup);
  return { kind: 'ready', models: loadedModels(setup.operations) };
}

function unreadiness(error: unknown): ChildStart {
  if (error instanceof PluginError) return { kind: 'broken', detail: error.message };
  const fault = machineFault(error);
  const detail = textOf(error);
  return fault ? { kind: 'unfit', lack: fault.lack, detail } : { kind: 'broken', detail };
}

async function setUp(
  { threads, limits, models, plugins }: ChildSettings,
  builtIn: ImageOperations,
): Promise<ProcessingSetup> {
  restrictSharp(threads);
  const operations = { ...builtIn, ...(await loadPluginOperations(plugins)) };
  return { threads, limits, operations, models: openModels(models) };
}

function loadedModels(operations: ImageOperations): string[] {
  return [...new Set(Object.values(operations).flatMap((operation) => operation.loadedModels()))];
}

/**
 * The channel closes when the worker dies, also by SIGKILL. The child then kills itself the same way,
 * because an orderly exit would first wait for native work.
 */
function endWithWorker(channel: ChildChannel): void {
  channel.on('closed', () => process.kill(process.pid, 'SIGKILL'));
}

/**
 * A quarter of a megapixel is enough for V8 to compile the loops over pixels, so that no job waits for it. The picture
 * is noise, because flat pictures skip some of the code.
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
      const { warmUpRuns = 0, warmUpOptions = {} } = setup.operations[operation] ?? {};
      const job = { operation, options: warmUpOptions, inputPath, outputPath: join(folder, operation) };
      const runs = takesJpeg(operation) ? warmUpRuns : 0;
      for (let run = 0; run < runs; run++) await warmUpRun(job, setup);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** It is in the worker's own folder: if it cannot be created, nothing can be written. */
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
 * An operation that fails, such as one without its model, must not stop the others: its own jobs will say so. A lack of
 * the machine stops every operation.
 */
async function warmUpRun(job: ChildJob, setup: ProcessingSetup): Promise<void> {
  try {
    await processImage(job, setup);
  } catch (error) {
    if (machineFault(error)) throw error;
    const why =
      error instanceof PermanentError || error instanceof RetryableError ? error.message : textOf(error);
    // One line of JSON, as the worker's log has them: it goes to the same place.
    const message = `${job.operation} cannot work yet: ${why}`;
    console.error(JSON.stringify({ severity: 'WARNING', program: 'child', message }));
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
