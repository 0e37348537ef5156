import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { PermanentError } from '@spillway/core/errors.ts';
import { type BlipConfig, parseBlipConfig } from './config.ts';
import { type ExpectedTensor, expectedTensors } from './expected-tensors.ts';
import { quantisedType, scalesOf } from './quantised-matrix.ts';
import { readTensorFile, type StoredTensor, type TensorFile } from './safetensors.ts';

/** A Hugging Face checkpoint of `BlipForConditionalGeneration`. It is checked; the weights stay on the disk. */
export interface Checkpoint {
  directory: string;
  config: BlipConfig;
  weights: TensorFile;
}

/**
 * The output layer shares its weights with the word embeddings and its bias with `cls.predictions.bias`
 * (`_tied_weights_keys` of transformers). A file may hold both names of a pair or one.
 */
const tiedTensors = {
  'text_decoder.cls.predictions.decoder.weight': 'text_decoder.bert.embeddings.word_embeddings.weight',
  'text_decoder.cls.predictions.decoder.bias': 'text_decoder.cls.predictions.bias',
};

/**
 * Reads config.json and the header of model.safetensors, and checks that they fit together.
 * @throws PermanentError `model_invalid` with the first thing that is wrong, in one sentence.
 */
export async function openCheckpoint(directory: string): Promise<Checkpoint> {
  const configPath = join(directory, 'config.json');
  const config = parseBlipConfig(await readModelJson(configPath), configPath);
  const weights = withTiedTensors(await readTensorFile(await weightsPath(directory)));
  checkFit(config, weights);
  return { directory, config, weights };
}

/** @throws PermanentError `model_invalid` if the file is missing or not JSON. */
export async function readModelJson(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new PermanentError('model_invalid', `${path} cannot be read.`, { cause: error });
  });
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new PermanentError('model_invalid', `${path} is not valid JSON.`, { cause: error });
  }
}

/** Resolves links. onnxruntime does not follow a link out of the folder, and Hugging Face's cache consists of links. */
async function weightsPath(directory: string): Promise<string> {
  const path = join(directory, 'model.safetensors');
  return await realpath(path).catch((error: Error) => {
    throw new PermanentError('model_invalid', `${path} cannot be read.`, { cause: error });
  });
}

function withTiedTensors(file: TensorFile): TensorFile {
  const tensors = new Map<string, StoredTensor>(file.tensors);
  for (const [name, twin] of Object.entries(tiedTensors)) {
    const tensor = tensors.get(name) ?? tensors.get(twin);
    if (tensor) tensors.set(name, tensor).set(twin, tensors.get(twin) ?? tensor);
  }
  return { path: file.path, tensors };
}

function checkFit(config: BlipConfig, file: TensorFile): void {
  for (const expected of expectedTensors(config)) {
    const { name, shape, matrix } = expected;
    const tensor = file.tensors.get(name);
    if (!tensor) throw new PermanentError('model_invalid', `${file.path} lacks the tensor ${name}.`);
    if (matrix && tensor.dtype === quantisedType) checkQuantised(file, expected, tensor);
    else checkTensor(file, name, tensor, 'F32', shape);
  }
}

function checkQuantised(file: TensorFile, { name, shape }: ExpectedTensor, tensor: StoredTensor): void {
  const [outputs, inputs] = shape as [number, number];
  const blockSize = tensor.shape[2] || inputs;
  const blocks = inputs / blockSize;
  checkTensor(file, name, tensor, quantisedType, [outputs, blocks, blockSize]);
  const scales = file.tensors.get(scalesOf(name));
  if (!scales) throw new PermanentError('model_invalid', `${file.path} lacks the tensor ${scalesOf(name)}.`);
  checkTensor(file, scalesOf(name), scales, 'F32', [outputs, blocks]);
}

function checkTensor(
  { path }: TensorFile,
  name: string,
  { dtype, shape }: StoredTensor,
  expectedType: string,
  expectedShape: number[],
): void {
  if (dtype !== expectedType) {
    const message = `${path} stores the tensor ${name} as ${dtype}, but only 32-bit floats (F32) can be run.`;
    throw new PermanentError('model_invalid', message);
  }
  if (shape.join() !== expectedShape.join()) {
    const message = `${path} holds ${name} as [${shape}], but config.json asks for [${expectedShape}].`;
    throw new PermanentError('model_invalid', message);
  }
}
