import type { Checkpoint } from './checkpoint.ts';
import { imageTokens } from './config.ts';
import { GraphBuilder, type Value } from './graph-builder.ts';
import { feedForward, type LayerContext, layerNorm, splitHeads, splitKeys } from './layers.ts';
import { storedWeights } from './weights.ts';

/** Names of one decoder layer's keys and values of the picture. */
export const crossKeys = (layer: number) => `cross_keys_${layer}`;
export const crossValues = (layer: number) => `cross_values_${layer}`;

/**
 * BLIP's vision transformer (transformers' `BlipVisionModel`), followed by the keys and values of every decoder layer's
 * cross-attention, which depend only on the picture.
 *
 *   pixel_values  [1, 3, S, S] -> cross_keys_<layer> [heads, D, N], cross_values_<layer> [heads, N, D]
 *
 * with the decoder's heads and head size D, and N image tokens. The keys have the form that `attention` expects, because
 * the decoder multiplies with them at every step.
 */
export function visionGraph({ config, weights: file }: Checkpoint): Uint8Array {
  const { vision_config: vision, text_config: text } = config;
  const graph = new GraphBuilder('blip_vision');
  const weights = storedWeights(graph, file);
  const context = { graph, weights, epsilon: vision.layer_norm_eps };
  const side = vision.image_size;
  const pixels = graph.input('pixel_values', 'float32', [1, 3, side, side]);

  let rows = embedPatches(context, pixels, vision.hidden_size, vision.patch_size, imageTokens(vision));
  for (let layer = 0; layer < vision.num_hidden_layers; layer++) {
    rows = visionLayer(context, rows, layer, vision.hidden_size, vision.num_attention_heads);
  }
  const picture = layerNorm(context, rows, 'vision_model.post_layernorm');

  const heads = text.num_attention_heads;
  const headSize = text.hidden_size / heads;
  for (let layer = 0; layer < text.num_hidden_layers; layer++) {
    const prefix = `text_decoder.bert.encoder.layer.${layer}.crossattention.self`;
    const keys = splitKeys(graph, weights.linear(picture, `${prefix}.key`), heads, headSize);
    const values = splitHeads(graph, weights.linear(picture, `${prefix}.value`), heads, headSize);
    graph.output(crossKeys(layer), keys, 'float32', [heads, headSize, imageTokens(vision)]);
    graph.output(crossValues(layer), values, 'float32', [heads, imageTokens(vision), headSize]);
  }
  return graph.build();
}

/** The class token and the patches as rows, each with its position embedding added: [N, size]. */
function embedPatches(
  { graph, weights }: LayerContext,
  pixels: Value,
  size: number,
  patch: number,
  tokens: number,
): Value {
  const prefix = 'vision_model.embeddings';
  const kernels = weights.tensor(`${prefix}.patch_embedding.weight`);
  const bias = weights.tensor(`${prefix}.patch_embedding.bias`);
  const convolved = graph.op('Conv', [pixels, kernels, bias], {
    kernel_shape: [patch, patch],
    strides: [patch, patch],
  });
  const patches = graph.transpose(graph.reshape(convolved, [size, tokens - 1]), [1, 0]);
  const picture = weights.tensor(`${prefix}.class_embedding`, [1, size]);
  const places = weights.tensor(`${prefix}.position_embedding`, [tokens, size]);
  return graph.op('Add', [graph.op('Concat', [picture, patches], { axis: 0 }), places]);
}

/** A pre-norm transformer layer (`BlipEncoderLayer`). */
function visionLayer(context: LayerContext, rows: Value, layer: number, size: number, heads: number): Value {
  const { graph } = context;
  const prefix = `vision_model.encoder.layers.${layer}`;
  const attended = selfAttention(
    context,
    layerNorm(context, rows, `${prefix}.layer_norm1`),
    prefix,
    size,
    heads,
  );
  const middle = graph.op('Add', [attended, rows]);
  const normed = layerNorm(context, middle, `${prefix}.layer_norm2`);
  return graph.op('Add', [feedForward(context, normed, `${prefix}.mlp.fc1`, `${prefix}.mlp.fc2`), middle]);
}

/**
 * `BlipAttention`: one matrix holds the weights of queries, keys and values below each other. onnxruntime's own operator
 * does not store the scores of all pairs of patches (16 MB a layer). It took 6.4 ms; MatMul, Softmax and MatMul took 7.4
 * (one thread, BLIP base).
 */
function selfAttention(
  context: LayerContext,
  rows: Value,
  prefix: string,
  size: number,
  heads: number,
): Value {
  const { graph, weights } = context;
  const project = (part: number) => {
    const outputs = { from: part * size, to: (part + 1) * size };
    return graph.reshape(weights.linear(rows, `${prefix}.self_attn.qkv`, outputs), [1, -1, size]);
  };
  const attended = graph.contributed('MultiHeadAttention', [project(0), project(1), project(2)], {
    num_heads: heads,
  });
  return weights.linear(graph.reshape(attended, [-1, size]), `${prefix}.self_attn.projection`);
}
