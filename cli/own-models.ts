import { resolve } from 'node:path';
import { manifestOf, type OperationName } from '@spillway/core/operations.ts';
import type { ModelsSettings } from '@spillway/models/settings.ts';
import { findInput } from './input.ts';
import { readModelInput } from './model-input.ts';
import { operationsWith } from './models-command.ts';
import { UsageError } from './usage-error.ts';

/** The flags of the command line that name models. */
export interface ModelFlags {
  option: string[];
  modelFile: string | null;
  /** How to prepare a picture for that file's net. */
  modelInput: string | null;
  modelDir: string | null;
}

/**
 * The models to use: those of a folder, or a person's own in place of them.
 * @throws UsageError if a flag is for another operation, or names something that is missing or cannot be read.
 */
export async function ownModels(
  operation: OperationName,
  { modelFile, modelInput, modelDir, option }: ModelFlags,
  folder: string,
): Promise<ModelsSettings> {
  const { model: kind } = manifestOf(operation);
  if (modelFile !== null && kind !== 'saliency') {
    throw new UsageError(
      `--model-file is for ${operationsWith('saliency')}: it names the ONNX file of a saliency net.`,
    );
  }
  if (modelDir !== null && kind !== 'caption') {
    throw new UsageError(
      `--model-dir is for ${operationsWith('caption')}: it names the folder of a BLIP checkpoint.`,
    );
  }
  if (modelInput !== null && modelFile === null) {
    throw new UsageError('--model-input says how the file of --model-file wants its input: name that too.');
  }
  const own = modelFile ?? modelDir;
  if (own === null) return { folder };
  if (option.some((text) => text.startsWith('model='))) {
    throw new UsageError('Either a model of your own or --option model=…, not both.');
  }
  await mustBeA(modelFile !== null ? 'file' : 'folder', own);
  if (modelFile === null) return { folder, captionDirectory: resolve(own) };
  const saliencyFile = resolve(modelFile);
  if (modelInput === null) return { folder, saliencyFile };
  return { folder, saliencyFile, saliencyStatement: readModelInput(modelInput) };
}

async function mustBeA(kind: 'file' | 'folder', path: string): Promise<void> {
  const found = await findInput(path).catch(() => {
    throw new UsageError(`There is no model at ${path}.`);
  });
  if (found.kind === kind) return;
  throw new UsageError(found.kind === 'unreadable' ? found.message : `The model ${path} is no ${kind}.`);
}
