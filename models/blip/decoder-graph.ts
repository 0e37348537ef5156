import type { Checkpoint } from './checkpoint.ts';
import { imageTokens, type TextConfig } from './config.ts';
import { GraphBuilder, type Value } from './graph-builder.ts';
import {
  attention,
  feedForward,
  joinHeads,
  type LayerContext,
  layerNorm,
  scaleByHeadSize,
  splitHeads,
} from './layers.ts';
import { crossKeys, crossValues } from './vision-graph.ts';
import { storedWeights } from './weights.ts';

/** Names of one layer's self-attention cache, as it comes in and as it goes out. */
export const pastKeys = (layer: number) => `past_keys_${layer}`;
export const pastValues = (layer: number) => `past_values_${layer}`;
export const presentKeys = (layer: number) => `present_keys_${layer}`;
export const presentValues = (layer: number) => `present_values_${layer}`;

/**
 * One step of BLIP's text decoder (transformers' `BlipTextLMHeadModel`), the first as well as the later ones.
 *
 *   input_ids            [B, T]  the ids since the last step; at the first step the whole prompt
 *   parents              [B]     which sequence of the last step each one continues, so that a beam can be dropped or
 *                                followed twice, and the first step's single sequence becomes many
 *   past_*_<layer>       [A, heads, P, D]  the cache of the last step's A sequences; P is 0 at the first step
 *   cross_*_<layer>      what the vision graph gives, the same for all sequences
 *   -> logits            [B, vocabulary] of the last position
 *   -> present_*_<layer> [B, heads, P + T, D]
 */
export function decoderGraph({ config, weights: file }: Checkpoint): Uint8Array {
  const { vision_config: vision, text_config: text } = config;
  const graph = new GraphBuilder('blip_decoder');
  const weights = storedWeights(graph, file);
  const step = openStep({ graph, weights, epsilon: text.layer_norm_eps }, text, imageTokens(vision));

  let rows = embedIds(step);
  for (let layer = 0; layer < text.num_hidden_layers; layer++) rows = decoderLayer(step, rows, layer);
  graph.output('logits', predict(step, rows), 'float32', ['sequences', text.vocab_size]);
  return graph.build();
}

/** Values that all layers of one step share. */
interface Step extends LayerContext {
  ids: Value;
  parents: Value;
  /** P and P + T, each as a list of one integer. */
  begin: Value;
  end: Value;
  /** Added to attention scores: 0 where a position may attend, else the lowest float. [T, P + T] */
  mask: Value;
  /** [B, T, heads, D] as a list of four integers. */
  headsShape: Value;
  size: number;
  heads: number;
  headSize: number;
  imageTokens: number;
}

function openStep(context: LayerContext, text: TextConfig, tokens: number): Step {
  const { graph } = context;
  const heads = text.num_attention_heads;
  const headSize = text.hidden_size / heads;
  const ids = graph.input('input_ids', 'int64', ['sequences', 'new']);
  const parents = graph.input('parents', 'int64', ['sequences']);
  const firstCache = graph.input(pastKeys(0), 'float32', ['parents', heads, 'past', headSize]);
  const idsShape = graph.op('Shape', [ids]);
  const begin = graph.op('Shape', [firstCache], { start: 2, end: 3 });
  const end = graph.op('Add', [begin, graph.op('Shape', [ids], { start: 1, end: 2 })]);
  return {
    ...context,
    ids,
    parents,
    begin,
    end,
    mask: causalMask(graph, begin, end),
    headsShape: graph.op('Concat', [idsShape, graph.integers([heads, headSize])], { axis: 0 }),
    size: text.hidden_size,
    heads,
    headSize,
    imageTokens: tokens,
  };
}

const lowestFloat = -3.4028234663852886e38;

/** Each of the positions begin..end attends to itself and to the positions before it. */
function causalMask(graph: GraphBuilder, begin: Value, end: Value): Value {
  const scalar = (list: Value) => graph.op('Squeeze', [list]);
  const one = graph.integer(1);
  const lookers = graph.op('Range', [scalar(begin), scalar(end), one]);
  const column = graph.op('Unsqueeze', [lookers, graph.integers([1])]);
  const seen = graph.op('Range', [graph.integer(0), scalar(end), one]);
  const later = graph.op('Greater', [seen, column]);
  return graph.op('Where', [later, graph.float(lowestFloat), graph.float(0)]);
}

/** [B * T, size] */
function embedIds(step: Step): Value {
  const { graph, weights, ids, begin, end, size } = step;
  const prefix = 'text_decoder.bert.embeddings';
  const words = graph.op('Gather', [weights.tensor(`${prefix}.word_embeddings.weight`), ids]);
  const allPlaces = weights.tensor(`${prefix}.position_embeddings.weight`);
  const places = graph.op('Slice', [allPlaces, begin, end, graph.integers([0])]);
  const rows = graph.reshape(graph.op('Add', [words, places]), [-1, size]);
  return layerNorm(step, rows, `${prefix}.LayerNorm`);
}

/** `BlipTextLayer`: self-attention, cross-attention and feed-forward. Each is added to its input and then normed. */
function decoderLayer(step: Step, rows: Value, layer: number): Value {
  const prefix = `text_decoder.bert.encoder.layer.${layer}`;
  const spoken = selfAttention(step, rows, layer, `${prefix}.attention`);
  const seen = crossAttention(step, spoken, layer, `${prefix}.crossattention`);
  const worked = feedForward(step, seen, `${prefix}.intermediate.dense`, `${prefix}.output.dense`);
  return addAndNorm(step, worked, seen, `${prefix}.output.LayerNorm`);
}

function addAndNorm(step: Step, rows: Value, input: Value, prefix: string): Value {
  return layerNorm(step, step.graph.op('Add', [rows, input]), prefix);
}

function selfAttention(step: Step, rows: Value, layer: number, prefix: string): Value {
  const { graph, weights, headSize, heads, headsShape, size } = step;
  // [B * T, size] -> [B, heads, T, D]
  const project = (name: string) => {
    const projected = graph.op('Reshape', [weights.linear(rows, `${prefix}.self.${name}`), headsShape]);
    return graph.transpose(projected, [0, 2, 1, 3]);
  };
  const past = (name: string) => {
    const cache =
      name === pastKeys(0) ? name : graph.input(name, 'float32', ['parents', heads, 'past', headSize]);
    return graph.op('Gather', [cache, step.parents], { axis: 0 });
  };
  const keys = graph.op('Concat', [past(pastKeys(layer)), project('key')], { axis: 2 });
  const values = graph.op('Concat', [past(pastValues(layer)), project('value')], { axis: 2 });
  const present = ['sequences', heads, 'present', headSize];
  graph.output(presentKeys(layer), keys, 'float32', present);
  graph.output(presentValues(layer), values, 'float32', present);

  const transposed = scaleByHeadSize(graph, graph.transpose(keys, [0, 1, 3, 2]), headSize);
  const attended = attention(step, project('query'), transposed, values, step.mask);
  const joined = graph.reshape(graph.transpose(attended, [0, 2, 1, 3]), [-1, size]);
  return addAndNorm(
    step,
    weights.linear(joined, `${prefix}.output.dense`),
    rows,
    `${prefix}.output.LayerNorm`,
  );
}

/**
 * Nothing here depends on a row's sequence, so the rows of all beams share one copy of the picture's keys and values in
 * one multiplication.
 */
function crossAttention(step: Step, rows: Value, layer: number, prefix: string): Value {
  const { graph, weights, heads, headSize, imageTokens, size } = step;
  const keys = graph.input(crossKeys(layer), 'float32', [heads, headSize, imageTokens]);
  const values = graph.input(crossValues(layer), 'float32', [heads, imageTokens, headSize]);
  const queries = splitHeads(graph, weights.linear(rows, `${prefix}.self.query`), heads, headSize);
  const attended = joinHeads(graph, attention(step, queries, keys, values, ''), size);
  return addAndNorm(
    step,
    weights.linear(attended, `${prefix}.output.dense`),
    rows,
    `${prefix}.output.LayerNorm`,
  );
}

/** Logits of the last position (`BlipTextLMPredictionHead`): [B, vocabulary]. */
function predict(step: Step, rows: Value): Value {
  const { graph, weights, ids, size } = step;
  const perSequence = graph.op('Concat', [graph.op('Shape', [ids]), graph.integers([size])], { axis: 0 });
  const last = graph.op('Gather', [graph.op('Reshape', [rows, perSequence]), graph.integer(-1)], { axis: 1 });
  const prefix = 'text_decoder.cls.predictions';
  const transformed = graph.op('Gelu', [weights.linear(last, `${prefix}.transform.dense`)]);
  return weights.linear(layerNorm(step, transformed, `${prefix}.transform.LayerNorm`), `${prefix}.decoder`);
}
