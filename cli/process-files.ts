import { rmSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import {
  type FailureCode,
  failureCodes,
  MachineError,
  messageOf,
  PermanentError,
  RetryableError,
} from '@spillway/core/errors.ts';
import type { Model } from '@spillway/core/job.ts';
import type { ModelKind } from '@spillway/core/models.ts';
import { manifestOf, type OperationName, type OperationOptions } from '@spillway/core/operations.ts';
import type { ModelsSettings } from '@spillway/models/settings.ts';
import { createProcessor, type ProcessedImage } from '@spillway/processing/processor.ts';
import { fileProblem } from './file-problem.ts';
import { type Input, keepStream } from './input.ts';
import { type Destination, pathAt } from './result-target.ts';
import { openFileNumber } from './standard-stream.ts';
import { removeDrafts, UnwritableResult, writeResult } from './write-result.ts';

/** Milliseconds. Nobody waits behind a person's own command, so only a defect should reach this limit. */
const timeLimitMs = 10 * 60_000;
/** Some nets take 8 GB for a picture. If the machine has the memory, a person may use it. */
const memoryLimitBytes = Math.max(4 * 2 ** 30, 0.75 * totalmem());
const recycleAfter = 200;

/** Problems that only the command line has. */
export type LocalCode = 'unreadable_input' | 'unwritable_result' | 'machine_fault';

export interface FailedFile {
  kind: 'failed';
  code: FailureCode | LocalCode;
  message: string;
}

/** `out` is null if the result was printed or written to standard output. */
export type FileOutcome =
  /** `text` is what people read of it, `document` what `--json` prints. */
  | {
      kind: 'said';
      text: string;
      document: Record<string, unknown>;
      out: string | null;
      model: Model | null;
      notes: string[];
    }
  | { kind: 'made'; out: string | null; width: number; height: number; model: Model | null; notes: string[] }
  | FailedFile;

/** Runs one operation on files in child processes. A crash of native code fails one file only. */
export interface FileProcessor {
  /** Never rejects. */
  run(input: Extract<Input, { kind: 'file' | 'stream' }>, destination: Destination): Promise<FileOutcome>;
  close(): Promise<void>;
}

/** @param inputs Identities of the files that are read, to which no result is written. */
export async function openFileProcessor(
  operation: OperationName,
  options: OperationOptions,
  models: ModelsSettings,
  inputs: ReadonlySet<string>,
): Promise<FileProcessor> {
  const folder = await makeDraftsFolder();
  const children = Math.min(slotsFor(operation), Math.max(1, inputs.size));
  const processor = createProcessor({
    children,
    timeLimitMs,
    memoryLimitBytes,
    recycleAfter,
    models,
    temporary: folder,
    // Children load code and models with their first file, so that only what is needed is loaded.
    warmUp: [],
  });
  // Ctrl-C leaves no time for more. A child notices that its parent is gone only after its current picture.
  const leave = () => {
    for (const pid of processor.pids) process.kill(pid, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
    removeDrafts();
  };
  process.once('exit', leave);
  let runs = 0;
  return {
    async run(input, destination) {
      const outputPath = join(folder, String(runs++));
      try {
        const inputPath = await pathOf(input, `${outputPath}.input`);
        const image = await processor.process({ operation, options, inputPath, outputPath });
        return await outcomeOf(operation, image, destination, inputs);
      } catch (error) {
        return (await draftsFailure(error, `${outputPath}.probe`)) ?? failure(error);
      }
    },
    async close() {
      await processor.close();
      process.off('exit', leave);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function makeDraftsFolder(): Promise<string> {
  try {
    return await mkdtemp(join(tmpdir(), 'spillway-'));
  } catch (error) {
    throw new PermanentError('internal', draftsProblem(error), { cause: error });
  }
}

function draftsProblem(error: unknown): string {
  const problem = fileProblem(error) ?? `cannot be used (${error})`;
  return `The folder for drafts ${tmpdir()} ${problem}. TMPDIR can name another.`;
}

/** Bytes: more than a child writes when it starts. */
const probeBytes = 2 ** 20;

/**
 * A child that has no room for its result reports an internal error. If the folder for drafts cannot take more data
 * either, the disk is the cause.
 */
async function draftsFailure(error: unknown, probe: string): Promise<FailedFile | null> {
  if (!(error instanceof RetryableError) || error.code !== 'internal') return null;
  try {
    await writeFile(probe, new Uint8Array(probeBytes));
    return null;
  } catch (cause) {
    return { kind: 'failed', code: 'machine_fault', message: draftsProblem(cause) };
  } finally {
    await rm(probe, { force: true });
  }
}

/** Saves a stream to a file first, because a picture is read more than once. */
async function pathOf(input: Extract<Input, { kind: 'file' | 'stream' }>, draft: string): Promise<string> {
  if (input.kind === 'file') return input.path;
  await keepStream(input.path, draft);
  return draft;
}

/** Processors that a child with a model of that kind keeps busy by itself; such a child takes more memory, too. */
const processorsOf: Record<ModelKind, number> = { saliency: 2, caption: 4 };

function slotsFor(operation: OperationName): number {
  const { model } = manifestOf(operation);
  const each = model === null ? 1 : processorsOf[model];
  return Math.max(1, Math.floor(availableParallelism() / each));
}

async function outcomeOf(
  operation: OperationName,
  image: ProcessedImage,
  destination: Destination,
  inputs: ReadonlySet<string>,
): Promise<FileOutcome> {
  const { path, width, height, model, notes } = image;
  const said = await readSaid(operation, path);
  const out = await store(operation, image, destination, inputs, said?.text ?? null);
  await rm(path);
  if (said) return { kind: 'said', ...said, out, model, notes };
  return { kind: 'made', out, width, height, model, notes };
}

/** The words of a result; null for a picture. How long the work took stays in the file. */
async function readSaid(
  operation: OperationName,
  path: string,
): Promise<{ text: string; document: Record<string, unknown> } | null> {
  const { produces } = manifestOf(operation);
  switch (produces.kind) {
    case 'picture':
      return null;
    case 'text': {
      const text = await readFile(path, 'utf8');
      return { text, document: { text } };
    }
    case 'json': {
      const value: unknown = JSON.parse(await readFile(path, 'utf8'));
      const { timings: _, ...document } = isRecord(value) ? value : { result: value, timings: null };
      const headline = produces.headline === undefined ? undefined : document[produces.headline];
      return { text: typeof headline === 'string' ? headline : JSON.stringify(value), document };
    }
    default:
      return produces satisfies never;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** Returns the path of the result. */
async function store(
  operation: OperationName,
  { path, extension, notes }: ProcessedImage,
  destination: Destination,
  inputs: ReadonlySet<string>,
  text: string | null,
): Promise<string | null> {
  switch (destination.kind) {
    case 'nowhere':
      return null;
    case 'stem': {
      const to = pathAt(destination.stem, operation, extension);
      await writeResult(path, to, inputs);
      return to;
    }
    case 'stream':
      await writeResult(path, destination.path, inputs);
      return openFileNumber(destination.path) === null ? destination.path : null;
    case 'file': {
      const to = destination.path;
      if (destination.extension === 'txt' && extension === 'json') await writeFile(path, `${text}\n`);
      else if (destination.extension !== null && destination.extension !== extension) {
        const why = [...notes, `The result is a .${extension} file: name --out so.`].join(' ');
        throw new UnwritableResult(`${to} was not written. ${why}`);
      }
      await writeResult(path, to, inputs);
      return to;
    }
    default:
      return destination satisfies never;
  }
}

function failure(error: unknown): FailedFile {
  if (error instanceof UnwritableResult) {
    return { kind: 'failed', code: 'unwritable_result', message: error.message };
  }
  if (error instanceof PermanentError || error instanceof RetryableError) {
    return { kind: 'failed', code: error.code, message: error.message };
  }
  if (error instanceof MachineError) return { kind: 'failed', code: 'machine_fault', message: error.message };
  if (fileProblem(error) !== null) {
    return { kind: 'failed', code: 'machine_fault', message: draftsProblem(error) };
  }
  const reason = messageOf(error);
  return { kind: 'failed', code: 'internal', message: `${failureCodes.internal} (${reason})` };
}
