import { PermanentError } from '@spillway/core/errors.ts';
import {
  isOperationName,
  manifestOf,
  type OperationName,
  operationNames,
} from '@spillway/core/operations.ts';
import { openModels } from '@spillway/models/library.ts';
import { printableJson } from './arguments.ts';
import { fileProblem } from './file-problem.ts';
import { findInput, type Input, identityOf, lookAt } from './input.ts';
import { readOptionValues } from './option-values.ts';
import { ownModels } from './own-models.ts';
import { type FailedFile, type FileOutcome, openFileProcessor } from './process-files.ts';
import { processFolder } from './process-folder.ts';
import type { Task } from './process-task.ts';
import { describeFailure, jsonOf, noteBuiltIn, tellNotes, textOf } from './report.ts';
import { destinationOf, formatOf, isPrinted, mustNotBeInput, type Out, readOut } from './result-target.ts';
import { openFileNumber, streamLabel } from './standard-stream.ts';
import { type ExitCode, exitCodes, UsageError } from './usage-error.ts';

export interface ProcessFlags {
  /** A file, a folder, a pipe or a device; null if the result goes beside its input. */
  out: string | null;
  /** Each is `name=value`. */
  option: string[];
  json: boolean;
  recursive: boolean;
  modelFile: string | null;
  /** How to prepare a picture for that file's net. */
  modelInput: string | null;
  modelDir: string | null;
}

/** The models' folder, and whether a person named it. */
export interface ModelPlace {
  folder: string;
  isNamed: boolean;
}

/**
 * `spillway process`: runs an operation on a file, on standard input, or on every picture of a folder.
 * @throws UsageError before any work is done.
 */
export async function processCommand(
  operation: string,
  input: string,
  flags: ProcessFlags,
  place: ModelPlace,
): Promise<ExitCode> {
  const task = await readTask(operation, input, flags, place);
  const problem = await modelProblem(task, place);
  if (problem) return reportFailure(task, problem);
  switch (task.input.kind) {
    case 'folder':
      return await processFolder({ ...task, input: task.input });
    case 'file':
    case 'stream':
      return await processOne(task, task.input);
    case 'unreadable': {
      const { message } = task.input;
      return reportFailure(task, { kind: 'failed', code: 'unreadable_input', message });
    }
    default:
      return task.input satisfies never;
  }
}

async function readTask(
  operation: string,
  path: string,
  flags: ProcessFlags,
  { folder }: ModelPlace,
): Promise<Task> {
  if (!isOperationName(operation)) {
    throw new UsageError(`No operation is named "${operation}"; there are ${operationNames.join(', ')}.`);
  }
  const input = await findInput(path);
  const out = await readOut(flags.out, operation, input.kind === 'folder');
  const options = readOptionValues(operation, withFormatOf(out, flags.option));
  const models = await ownModels(operation, flags, folder);
  await mustNotBeInput(out, path);
  mustFit(input, out, operation, flags);
  return { operation, options, models, input, out, json: flags.json, recursive: flags.recursive };
}

/** `--out picture.webp` and `--option format=webp` both ask for a format, so they must agree. */
function withFormatOf(out: Out, typed: string[]): string[] {
  const format = out.kind === 'file' ? formatOf(out.extension) : undefined;
  if (out.kind !== 'file' || format === undefined) return typed;
  const option = typed.find((text) => text.startsWith('format='));
  if (option === undefined) return [...typed, `format=${format}`];
  if (option === `format=${format}`) return typed;
  throw new UsageError(`--out ${out.path} asks for ${format} and --option ${option} for another form.`);
}

/** Checks what depends on the input and on `--out` together. */
function mustFit(input: Input, out: Out, operation: OperationName, flags: ProcessFlags): void {
  if (flags.recursive && input.kind !== 'folder') {
    throw new UsageError(`--recursive is for a folder, and ${streamLabel(input.path)} is none.`);
  }
  if (!goesToStandardOutput(input, out, operation)) return;
  if (flags.json) throw new UsageError('--json and the result would both go to standard output: name --out.');
  if (process.stdout.isTTY) {
    throw new UsageError('The result would go to the terminal: name --out, or send it on with "> file".');
  }
}

function goesToStandardOutput(input: Input, out: Out, operation: OperationName): boolean {
  if (out.kind === 'stream') return openFileNumber(out.path) === 1;
  return out.kind === 'beside' && input.kind === 'stream' && !isPrinted(operation);
}

/** Checks the model once. Otherwise every picture of a folder would fail for the same reason. */
async function modelProblem(
  { operation, options, models }: Task,
  place: ModelPlace,
): Promise<FailedFile | null> {
  const { model: kind } = manifestOf(operation);
  const wanted = options.model;
  if (kind === null || typeof wanted !== 'string' || models.captionDirectory) return null;
  if (!models.saliencyFile) await noteMissingFolder(place);
  try {
    await openModels(models)[kind](wanted);
    return null;
  } catch (error) {
    if (error instanceof PermanentError) return { kind: 'failed', code: error.code, message: error.message };
    const problem = fileProblem(error);
    if (problem === null) throw error;
    const message = `The model folder ${place.folder} ${problem}.`;
    return { kind: 'failed', code: 'machine_fault', message };
  }
}

/** A folder that a person named must exist. */
async function noteMissingFolder({ folder, isNamed }: ModelPlace): Promise<void> {
  if (!isNamed) return;
  const found = await lookAt(folder);
  if (found.kind === 'found' && found.stats.isDirectory()) return;
  console.error(
    `The model folder ${folder} (SPILLWAY_MODELS_DIR) is not there: only built-in models are used.`,
  );
}

async function processOne(task: Task, input: Extract<Input, { kind: 'file' | 'stream' }>): Promise<ExitCode> {
  const { operation, options, models, out } = task;
  const destination = await destinationOf(input, operation, out);
  const found = await lookAt(input.path);
  const inputs = new Set(found.kind === 'found' ? [identityOf(found.stats)] : []);
  const processor = await openFileProcessor(operation, options, models, inputs);
  try {
    const outcome = await processor.run(input, destination);
    return outcome.kind === 'failed' ? reportFailure(task, outcome) : reportOne(task, outcome);
  } finally {
    await processor.close();
  }
}

function reportOne({ input, json }: Task, outcome: Exclude<FileOutcome, FailedFile>): ExitCode {
  noteBuiltIn([outcome]);
  tellNotes(streamLabel(input.path), outcome);
  const line = json ? printableJson(jsonOf(outcome, null)) : textOf(outcome);
  if (line !== null) console.log(line);
  return exitCodes.done;
}

function reportFailure({ input, json }: Task, outcome: FailedFile): ExitCode {
  const label = streamLabel(input.path);
  if (json) console.log(printableJson(jsonOf(outcome, label)));
  console.error(describeFailure(label, outcome));
  return exitCodes.failed;
}
