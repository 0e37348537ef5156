import type { GraphBuilder, Value } from './graph-builder.ts';
import type { Weights } from './weights.ts';

/** Common parts of encoder and decoder. Hidden states are always rows: [tokens, size]. */
export interface LayerContext {
  graph: GraphBuilder;
  weights: Weights;
  /** Epsilon of all layer norms. */
  epsilon: number;
}

export function layerNorm({ graph, weights, epsilon }: LayerContext, rows: Value, prefix: string): Value {
  const scale = weights.tensor(`${prefix}.weight`);
  const shift = weights.tensor(`${prefix}.bias`);
  return graph.op('LayerNormalization', [rows, scale, shift], { axis: -1, epsilon: { float: epsilon } });
}

/** Two linear layers with GELU between. */
export function feedForward(context: LayerContext, rows: Value, inner: string, outer: string): Value {
  const { graph, weights } = context;
  return weights.linear(graph.op('Gelu', [weights.linear(rows, inner)]), outer);
}

/**
 * softmax(queries keys + mask) values, every operand of shape [..., rows, columns].
 * @param queries [..., T, D]
 * @param keys [..., D, N]: transposed and divided by sqrt(D) before.
 * @param values [..., N, D]
 * @param mask What is added to the scores, [T, N]; '' for none.
 * @returns [..., T, D]
 */
export function attention(
  { graph }: LayerContext,
  queries: Value,
  keys: Value,
  values: Value,
  mask: Value,
): Value {
  const products = graph.op('MatMul', [queries, keys]);
  const scores = mask ? graph.op('Add', [products, mask]) : products;
  return graph.op('MatMul', [graph.op('Softmax', [scores], { axis: -1 }), values]);
}

/** [n, heads * D] -> [heads, n, D] */
export function splitHeads(graph: GraphBuilder, rows: Value, heads: number, headSize: number): Value {
  return graph.transpose(graph.reshape(rows, [-1, heads, headSize]), [1, 0, 2]);
}

/** [n, heads * D] -> [heads, D, n]: keys in the form that `attention` expects. */
export function splitKeys(graph: GraphBuilder, rows: Value, heads: number, headSize: number): Value {
  const keys = graph.transpose(graph.reshape(rows, [-1, heads, headSize]), [1, 2, 0]);
  return scaleByHeadSize(graph, keys, headSize);
}

export function scaleByHeadSize(graph: GraphBuilder, value: Value, headSize: number): Value {
  return graph.op('Mul', [value, graph.float(1 / Math.sqrt(headSize))]);
}

/** [heads, n, D] -> [n, heads * D] */
export function joinHeads(graph: GraphBuilder, heads: Value, size: number): Value {
  return graph.reshape(graph.transpose(heads, [1, 0, 2]), [-1, size]);
}
