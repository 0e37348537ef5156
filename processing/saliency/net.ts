import { stat } from 'node:fs/promises';
import { PermanentError } from '@spillway/core/errors.ts';
import type { InstalledSaliencyModel } from '@spillway/models/installed.ts';
import { type InferenceSession, Tensor } from 'onnxruntime-node';
import { inferenceFailure } from '../inference-failure.ts';
import { openSession } from '../open-session.ts';

/** A net's output for a picture, in the net's own range: planes of `width` x `height`, one after the other. */
export interface SaliencyMap {
  data: Float32Array;
  channels: number;
  width: number;
  height: number;
  inferenceMs: number;
}

/** A net in memory. */
export interface Net {
  name: string;
  session: InferenceSession;
  /** Pixels of its input's side. */
  side: number;
  release(): Promise<void>;
}

/**
 * Loads a net.
 * @throws PermanentError `model_missing` or `model_invalid`, with one sentence that names the model; RetryableError
 * `out_of_memory`.
 */
export async function loadNet(model: InstalledSaliencyModel, threads: number): Promise<Net> {
  await checkPresent(model);
  const session = await openNet(model, threads);
  const side = model.input.side ?? ownSide(session);
  const fault = faultOf(session, side);
  if (fault) {
    await session.release();
    throw new PermanentError('model_invalid', `The model ${model.name} cannot be used: ${fault}.`);
  }
  return { name: model.name, session, side, release: () => session.release() };
}

async function checkPresent({ name, path, install }: InstalledSaliencyModel): Promise<void> {
  const file = await stat(path).catch(() => null);
  if (file?.isFile()) return;
  const remedy = install ? ` Install it with: ${install}` : '';
  throw new PermanentError('model_missing', `The file of the model ${name} is not there.${remedy}`);
}

async function openNet({ name, path }: InstalledSaliencyModel, threads: number): Promise<InferenceSession> {
  try {
    return await openSession(path, {
      executionProviders: ['cpu'],
      graphOptimizationLevel: 'all',
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      logSeverityLevel: 4,
      // Planning all tensors as one block was no faster and took half as much memory again (590 MB, not 400, for a
      // net of U^2-Netp's size).
      enableMemPattern: false,
      // Idle threads that spin would take a processor from the encoder that runs next.
      extra: { session: { force_spinning_stop: '1' } },
    });
  } catch (cause) {
    throw inferenceFailure(cause, `The file of the model ${name} is damaged, incomplete or no ONNX model.`);
  }
}

/** U^2-Net's side, for a file that takes any size. */
const usualSide = 320;

function ownSide({ inputMetadata: [input] }: InferenceSession): number {
  const side = input?.isTensor ? input.shape[2] : undefined;
  return typeof side === 'number' && side > 0 ? side : usualSide;
}

/** What is wrong with a net, or null: its first input must be 1x3xSxS and its first output 4-dimensional, in floats. */
function faultOf(session: InferenceSession, side: number): string | null {
  if (session.inputNames.length !== 1) return `it wants ${session.inputNames.length} inputs and not one`;
  const [input] = session.inputMetadata;
  const [output] = session.outputMetadata;
  const wanted = [1, 3, side, side];
  if (!input?.isTensor || input.type !== 'float32' || !fits(input.shape, wanted)) {
    return `its input is ${shapeOf(input)} and not float32 ${wanted.join('x')}`;
  }
  if (!output?.isTensor || output.type !== 'float32' || output.shape.length !== 4) {
    return `its output is ${shapeOf(output)} and not a float32 map of 4 dimensions`;
  }
  return null;
}

/** A dimension that has a name instead of a number takes any size. */
function fits(shape: readonly (number | string)[], wanted: number[]): boolean {
  return (
    shape.length === wanted.length &&
    shape.every((size, index) => typeof size !== 'number' || size === wanted[index])
  );
}

function shapeOf(value: InferenceSession.ValueMetadata | undefined): string {
  if (!value) return 'missing';
  return value.isTensor ? `${value.type} ${value.shape.map((size) => size || '?').join('x')}` : 'no tensor';
}

/**
 * Runs a net on a picture.
 * @param input 1x3xSxS, S being the net's side (`net-input.ts`).
 * @throws PermanentError `model_invalid`, RetryableError `out_of_memory`.
 */
export async function runNet({ name, session, side }: Net, input: Float32Array): Promise<SaliencyMap> {
  const [inputName = ''] = session.inputNames;
  const [outputName = ''] = session.outputNames;
  const startedAt = performance.now();
  const tensor = new Tensor('float32', input, [1, 3, side, side]);
  const { [outputName]: output } = await session.run({ [inputName]: tensor }, [outputName]).catch((cause) => {
    throw inferenceFailure(cause, `The model ${name} failed on a picture.`);
  });
  const inferenceMs = performance.now() - startedAt;
  const [, channels = 0, height = 0, width = 0] = output?.dims ?? [];
  const data = output?.data;
  const count = channels * width * height;
  if (!(data instanceof Float32Array) || count === 0) {
    throw new PermanentError('model_invalid', `The model ${name} gave no map.`);
  }
  // Of the first picture.
  return { data: data.subarray(0, count), channels, width, height, inferenceMs };
}
