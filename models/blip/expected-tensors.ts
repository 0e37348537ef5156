import { type BlipConfig, imageTokens, type TextConfig, type VisionConfig } from './config.ts';

export interface ExpectedTensor {
  name: string;
  /** As torch stores it. */
  shape: number[];
  /** Whether it is a linear layer's matrix, [out, in], which may be quantised. */
  matrix: boolean;
}

/** Every tensor that the graphs read, with the shape that the configuration gives it. */
export function expectedTensors({ vision_config, text_config }: BlipConfig): ExpectedTensor[] {
  return [...visionTensors(vision_config), ...textTensors(text_config, vision_config.hidden_size)];
}

function visionTensors(vision: VisionConfig): ExpectedTensor[] {
  const { hidden_size: hidden, intermediate_size: inner, patch_size: patch } = vision;
  const layer = (index: number) => {
    const prefix = `vision_model.encoder.layers.${index}`;
    return [
      ...linear(`${prefix}.self_attn.qkv`, hidden, 3 * hidden),
      ...linear(`${prefix}.self_attn.projection`, hidden, hidden),
      ...norm(`${prefix}.layer_norm1`, hidden),
      ...norm(`${prefix}.layer_norm2`, hidden),
      ...linear(`${prefix}.mlp.fc1`, hidden, inner),
      ...linear(`${prefix}.mlp.fc2`, inner, hidden),
    ];
  };
  return [
    other('vision_model.embeddings.class_embedding', [1, 1, hidden]),
    other('vision_model.embeddings.position_embedding', [1, imageTokens(vision), hidden]),
    other('vision_model.embeddings.patch_embedding.weight', [hidden, 3, patch, patch]),
    other('vision_model.embeddings.patch_embedding.bias', [hidden]),
    ...each(vision.num_hidden_layers, layer),
    ...norm('vision_model.post_layernorm', hidden),
  ];
}

function textTensors(text: TextConfig, imageSize: number): ExpectedTensor[] {
  const { hidden_size: hidden, intermediate_size: inner, vocab_size: words } = text;
  const attention = (prefix: string, source: number) => [
    ...linear(`${prefix}.self.query`, hidden, hidden),
    ...linear(`${prefix}.self.key`, source, hidden),
    ...linear(`${prefix}.self.value`, source, hidden),
    ...linear(`${prefix}.output.dense`, hidden, hidden),
    ...norm(`${prefix}.output.LayerNorm`, hidden),
  ];
  const layer = (index: number) => {
    const prefix = `text_decoder.bert.encoder.layer.${index}`;
    return [
      ...attention(`${prefix}.attention`, hidden),
      ...attention(`${prefix}.crossattention`, imageSize),
      ...linear(`${prefix}.intermediate.dense`, hidden, inner),
      ...linear(`${prefix}.output.dense`, inner, hidden),
      ...norm(`${prefix}.output.LayerNorm`, hidden),
    ];
  };
  return [
    other('text_decoder.bert.embeddings.word_embeddings.weight', [words, hidden]),
    other('text_decoder.bert.embeddings.position_embeddings.weight', [text.max_position_embeddings, hidden]),
    ...norm('text_decoder.bert.embeddings.LayerNorm', hidden),
    ...each(text.num_hidden_layers, layer),
    ...linear('text_decoder.cls.predictions.transform.dense', hidden, hidden),
    ...norm('text_decoder.cls.predictions.transform.LayerNorm', hidden),
    ...linear('text_decoder.cls.predictions.decoder', hidden, words),
  ];
}

function linear(prefix: string, inputs: number, outputs: number): ExpectedTensor[] {
  return [
    { name: `${prefix}.weight`, shape: [outputs, inputs], matrix: true },
    other(`${prefix}.bias`, [outputs]),
  ];
}

function norm(prefix: string, size: number): ExpectedTensor[] {
  return [other(`${prefix}.weight`, [size]), other(`${prefix}.bias`, [size])];
}

function other(name: string, shape: number[]): ExpectedTensor {
  return { name, shape, matrix: false };
}

function each(count: number, layer: (index: number) => ExpectedTensor[]): ExpectedTensor[] {
  return Array.from({ length: count }, (_, index) => layer(index)).flat();
}
