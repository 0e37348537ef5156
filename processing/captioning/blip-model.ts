import { basename, dirname } from 'node:path';
import type { Checkpoint } from '@spillway/models/blip/checkpoint.ts';
import type { TextConfig } from '@spillway/models/blip/config.ts';
import {
  decoderGraph,
  pastKeys,
  pastValues,
  presentKeys,
  presentValues,
} from '@spillway/models/blip/decoder-graph.ts';
import { visionGraph } from '@spillway/models/blip/vision-graph.ts';
import { type InferenceSession, Tensor } from 'onnxruntime-node';
import { inferenceFailure } from '../inference-failure.ts';
import { openSession } from '../open-session.ts';

/** A checkpoint's two networks, ready to run. */
export interface BlipModel {
  text: TextConfig;
  /** Side of the pictures that it takes, pixels. */
  side: number;
  /** @param pixels [1, 3, side, side] */
  encode(pixels: Float32Array): Promise<Decoding>;
  release(): Promise<void>;
}

/** The decoding of one picture's caption, with its state so far. */
export interface Decoding {
  /**
   * Runs the decoder over each sequence's ids since the last call.
   * @param ids The new ids of every sequence. All have the same number.
   * @param parents Which sequence of the last call each one continues; at the first call [0].
   * @returns Logits of the next id, one array of the vocabulary's length for each sequence.
   */
  step(ids: number[][], parents: number[]): Promise<Float32Array[]>;
}

/**
 * Builds both graphs and loads them. onnxruntime reads the weights from the checkpoint's file.
 * @throws PermanentError `model_invalid` if onnxruntime refuses them, RetryableError `out_of_memory`.
 */
export async function loadBlipModel(checkpoint: Checkpoint, threads: number): Promise<BlipModel> {
  const vision = await createSession(checkpoint, visionGraph(checkpoint), threads);
  const decoder = await createSession(checkpoint, decoderGraph(checkpoint), threads).catch(async (error) => {
    await vision.release();
    throw error;
  });
  const { text_config: text, vision_config } = checkpoint.config;
  const side = vision_config.image_size;
  return {
    text,
    side,
    async encode(pixels) {
      const picture = await run(vision, { pixel_values: new Tensor('float32', pixels, [1, 3, side, side]) });
      return startDecoding(decoder, text, picture);
    },
    async release() {
      await vision.release();
      await decoder.release();
    },
  };
}

async function createSession({ weights }: Checkpoint, graph: Uint8Array, threads: number) {
  const options: InferenceSession.SessionOptions = {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    extra: { session: { model_external_initializers_file_folder_path: dirname(weights.path) } },
  };
  try {
    return await openSession(graph, options);
  } catch (cause) {
    throw inferenceFailure(cause, `onnxruntime cannot load the graphs over ${basename(weights.path)}.`);
  }
}

type Tensors = Record<string, Tensor>;

async function run(session: InferenceSession, feeds: Tensors): Promise<Tensors> {
  return await session.run(feeds).catch((cause) => {
    throw inferenceFailure(cause, 'onnxruntime cannot run the model’s graphs.');
  });
}

function startDecoding(decoder: InferenceSession, text: TextConfig, picture: Tensors): Decoding {
  let cache = emptyCache(text);
  return {
    async step(ids, parents) {
      const length = ids[0]?.length ?? 0;
      const { logits, ...present } = await run(decoder, {
        ...picture,
        ...cache,
        input_ids: integers(ids.flat(), [ids.length, length]),
        parents: integers(parents, [parents.length]),
      });
      cache = asPast(text, present);
      return rowsOf(logits as Tensor);
    },
  };
}

function emptyCache({ num_attention_heads: heads, hidden_size, num_hidden_layers }: TextConfig): Tensors {
  const empty = new Tensor('float32', new Float32Array(0), [1, heads, 0, hidden_size / heads]);
  const cache: Tensors = {};
  for (let layer = 0; layer < num_hidden_layers; layer++) {
    cache[pastKeys(layer)] = empty;
    cache[pastValues(layer)] = empty;
  }
  return cache;
}

/** One step's outputs are the next step's inputs, under other names. */
function asPast({ num_hidden_layers }: TextConfig, present: Tensors): Tensors {
  const cache: Tensors = {};
  for (let layer = 0; layer < num_hidden_layers; layer++) {
    cache[pastKeys(layer)] = present[presentKeys(layer)] as Tensor;
    cache[pastValues(layer)] = present[presentValues(layer)] as Tensor;
  }
  return cache;
}

function integers(values: number[], shape: number[]): Tensor {
  return new Tensor('int64', BigInt64Array.from(values, BigInt), shape);
}

function rowsOf(logits: Tensor): Float32Array[] {
  const [rows = 0, width = 0] = logits.dims;
  const data = logits.data as Float32Array;
  return Array.from({ length: rows }, (_, row) => data.subarray(row * width, (row + 1) * width));
}
