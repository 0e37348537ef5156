import { resolve } from 'node:path';
import type { OperationName } from '@spillway/core/operations.ts';
import type { ModelsSettings } from '@spillway/models/settings.ts';
import { findInput } from './input.ts';
import { UsageError } from './usage-error.ts';

/** What the command line says of models. */
export interface ModelFlags {
  option: string[];
  modelFile: string | null;
  modelDir: string | null;
}

/**
 * The models of a folder, with a person's own in their place.
 * @throws UsageError where a flag is for another operation, or names what is not there or cannot be read.
 */
export async function ownModels(
  operation: OperationName,
  { modelFile, modelDir, option }: ModelFlags,
  folder: string,
): Promise<ModelsSettings> {
  if (modelFile !== null && operation !== 'remove-background') {
    throw new UsageError('--model-file is for remove-background: it names the ONNX file of a saliency net.');
  }
  if (modelDir !== null && operation !== 'caption') {
    throw new UsageError('--model-dir is for caption: it names the folder of a BLIP checkpoint.');
  }
  const own = modelFile ?? modelDir;
  if (own === null) return { folder };
  if (option.some((text) => text.startsWith('model='))) {
    throw new UsageError('Either a model of your own or --option model=…, not both.');
  }
  await mustBeA(modelFile !== null ? 'file' : 'folder', own);
  return modelFile !== null
    ? { folder, saliencyFile: resolve(own) }
    : { folder, captionDirectory: resolve(own) };
}

async function mustBeA(kind: 'file' | 'folder', path: string): Promise<void> {
  const found = await findInput(path).catch(() => {
    throw new UsageError(`There is no model at ${path}.`);
  });
  if (found.kind === kind) return;
  throw new UsageError(found.kind === 'unreadable' ? found.message : `The model ${path} is no ${kind}.`);
}
