import { access, mkdir, readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { PermanentError } from '@spillway/core/errors.ts';
import {
  isOperationName,
  type OperationName,
  type OperationOptions,
  operationNames,
} from '@spillway/core/operations.ts';
import { openModels } from '@spillway/models/library.ts';
import type { ModelsSettings } from '@spillway/models/settings.ts';
import { readOptionValues } from './option-values.ts';
import { isDirectory, isResultName, resultPath, resultStems } from './output-path.ts';
import { type FileOutcome, type FileProcessor, openFileProcessor } from './process-files.ts';
import { startProgressBar } from './progress-bar.ts';
import { describeFailure, jsonOf, noteBuiltIn, textOf } from './report.ts';
import { type ExitCode, exitCodes, UsageError } from './usage-error.ts';

export interface ProcessFlags {
  /** A file or a folder; null where the result goes beside its input. */
  out: string | null;
  /** `name=value` each. */
  option: string[];
  json: boolean;
  modelFile: string | null;
  modelDir: string | null;
}

/** One run of the command, checked: what is to be done to which input. */
interface Task {
  operation: OperationName;
  options: OperationOptions;
  models: ModelsSettings;
  input: string;
  out: string | null;
  json: boolean;
}

/**
 * `spillway process`: runs an operation on a file, or on every picture of a folder.
 * @throws UsageError before any work.
 */
export async function processCommand(
  operation: string,
  input: string,
  flags: ProcessFlags,
  modelsFolder: string,
): Promise<ExitCode> {
  const task = await readTask(operation, input, flags, modelsFolder);
  const problem = await modelProblem(task);
  if (problem) return reportOne(task, problem);
  return (await isDirectory(input)) ? await processFolder(task) : await processOne(task);
}

async function readTask(
  operation: string,
  input: string,
  flags: ProcessFlags,
  modelsFolder: string,
): Promise<Task> {
  if (!isOperationName(operation)) {
    throw new UsageError(`No operation is named "${operation}"; there are ${operationNames.join(', ')}.`);
  }
  const options = readOptionValues(operation, withFormatOf(flags.out, operation, flags.option));
  const models = await ownModels(operation, flags, modelsFolder);
  await mustExist(input, 'Nothing is at');
  return { operation, options, models, input, out: flags.out, json: flags.json };
}

/** `--out picture.webp` asks for WebP as clearly as `--option format=webp` does, and is refused as clearly. */
function withFormatOf(out: string | null, operation: OperationName, typed: string[]): string[] {
  if (out === null || operation === 'caption' || typed.some((text) => text.startsWith('format=')))
    return typed;
  const format = formatsByExtension[extname(out).toLowerCase()];
  return format ? [...typed, `format=${format}`] : typed;
}

const formatsByExtension: Record<string, string> = {
  '.png': 'png',
  '.jpg': 'jpeg',
  '.jpeg': 'jpeg',
  '.webp': 'webp',
};

async function ownModels(
  operation: OperationName,
  { modelFile, modelDir, option }: ProcessFlags,
  folder: string,
): Promise<ModelsSettings> {
  if (modelFile !== null && operation !== 'remove-background') {
    throw new UsageError('--model-file is for remove-background: it names the ONNX file of a U²-Net.');
  }
  if (modelDir !== null && operation !== 'caption') {
    throw new UsageError('--model-dir is for caption: it names the folder of a BLIP checkpoint.');
  }
  const own = modelFile ?? modelDir;
  if (own === null) return { folder };
  if (option.some((text) => text.startsWith('model='))) {
    throw new UsageError('Either a model of your own or --option model=…, not both.');
  }
  await mustExist(own, 'There is no model at');
  return modelFile !== null
    ? { folder, saliencyFile: resolve(own) }
    : { folder, captionDirectory: resolve(own) };
}

async function mustExist(path: string, words: string): Promise<void> {
  await access(path).catch(() => {
    throw new UsageError(`${words} ${path}.`);
  });
}

/** Once, before a folder of pictures fails one by one for the same reason. */
async function modelProblem({ operation, options, models }: Task): Promise<FileOutcome | null> {
  const library = openModels(models);
  const wanted = 'model' in options ? options.model : null;
  if (wanted === null || models.saliencyFile || models.captionDirectory) return null;
  try {
    await (operation === 'caption' ? library.caption(wanted) : library.saliency(wanted));
    return null;
  } catch (error) {
    if (!(error instanceof PermanentError)) throw error;
    return { kind: 'failed', code: error.code, message: error.message };
  }
}

async function processOne(task: Task): Promise<ExitCode> {
  const { operation, input, out } = task;
  if (out !== null) await mkdir(out.endsWith('/') ? out : dirname(out), { recursive: true });
  const processor = await openFileProcessor(operation, task.options, task.models, 1);
  try {
    const outcome = await processor.run(input, async (extension) =>
      operation === 'caption' && out === null ? null : await resultPath(input, operation, extension, out),
    );
    return reportOne(task, outcome);
  } finally {
    await processor.close();
  }
}

function reportOne({ input, json }: Task, outcome: FileOutcome): ExitCode {
  noteBuiltIn([outcome]);
  if (outcome.kind !== 'failed') {
    console.log(json ? JSON.stringify(jsonOf(outcome, null)) : textOf(outcome));
    return exitCodes.done;
  }
  if (json) console.log(JSON.stringify(jsonOf(outcome, input)));
  console.error(describeFailure(input, outcome));
  return exitCodes.failed;
}

/** Taken for pictures by their names; whether they are any, and of a supported type, is seen from their content. */
const pictureExtensions =
  /[.](jpe?g|jpe|jfif|a?png|webp|avif|hei[cf]|gif|tiff?|bmp|svg|jp2|j2k|jxl|psd|ico|dng|cr[23]|nef|arw|raf)$/i;

async function processFolder(task: Task): Promise<ExitCode> {
  const { operation, input, out } = task;
  if (out !== null && !(await isDirectoryOrNew(out))) {
    throw new UsageError(`${input} is a folder, so --out must name one too; ${out} is a file.`);
  }
  const names = await picturesIn(input);
  const stems = resultStems(names, operation);
  if (out !== null) await mkdir(out, { recursive: true });
  const processor = await openFileProcessor(operation, task.options, task.models, Math.max(1, names.length));
  try {
    // All at once: the processor lets as many run as it has children.
    const runs = names.map((name, index) =>
      processor.run(join(input, name), async (extension) =>
        operation === 'caption' && out === null ? null : join(out ?? input, `${stems[index]}.${extension}`),
      ),
    );
    return await reportFolder(task, names, runs);
  } finally {
    await processor.close();
  }
}

async function reportFolder(
  task: Task,
  names: string[],
  runs: ReturnType<FileProcessor['run']>[],
): Promise<ExitCode> {
  const bar = startProgressBar(String);
  const outcomes: FileOutcome[] = [];
  for (const [index, run] of runs.entries()) {
    const name = names[index] ?? '';
    bar.update(index, runs.length, name);
    const outcome = await run;
    outcomes.push(outcome);
    const path = join(task.input, name);
    if (task.json) bar.print(JSON.stringify(jsonOf(outcome, path)));
    else
      bar.print(outcome.kind === 'failed' ? describeFailure(path, outcome) : `${path}: ${textOf(outcome)}`);
  }
  bar.stop();
  const failed = outcomes.filter(({ kind }) => kind === 'failed').length;
  const files = `${runs.length} ${runs.length === 1 ? 'picture' : 'pictures'}`;
  console.error(failed === 0 ? `${files} done.` : `${files}, of which ${failed} failed.`);
  noteBuiltIn(outcomes);
  return failed === 0 ? exitCodes.done : exitCodes.failed;
}

/** What lies directly in a folder and has a picture's name, results of earlier runs left out. */
async function picturesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.'));
  const pictures = files.filter(({ name }) => pictureExtensions.test(name) && !isResultName(name));
  const others = files.length - pictures.length;
  if (others > 0)
    console.error(
      `${others} ${others === 1 ? 'file is' : 'files are'} left out: not pictures by name, or results of earlier runs.`,
    );
  if (pictures.length === 0) throw new UsageError(`No pictures are in ${folder}.`);
  return pictures.map(({ name }) => basename(name)).sort();
}

async function isDirectoryOrNew(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  return found === null || found.isDirectory();
}
