import { PermanentError } from '@spillway/core/errors.ts';
import { z } from 'zod';

/**
 * The parts of a checkpoint's config.json that its graphs are built from. The defaults are those of transformers'
 * BlipVisionConfig and BlipTextConfig, because a real config.json leaves out values that equal them.
 */

const size = z.int().positive();
const tokenId = z.int().nonnegative();
/** BLIP has no other activation: torch's `nn.GELU`, by the error function. */
const activation = z.literal('gelu').default('gelu');

const visionConfigSchema = z.object({
  hidden_size: size.default(768),
  intermediate_size: size.default(3072),
  num_hidden_layers: size.default(12),
  num_attention_heads: size.default(12),
  image_size: size.default(384),
  patch_size: size.default(16),
  hidden_act: activation,
  layer_norm_eps: z.number().positive().default(1e-5),
});

const textConfigSchema = z.object({
  vocab_size: size.default(30_524),
  hidden_size: size.default(768),
  intermediate_size: size.default(3072),
  num_hidden_layers: size.default(12),
  num_attention_heads: size.default(8),
  max_position_embeddings: size.default(512),
  hidden_act: activation,
  layer_norm_eps: z.number().positive().default(1e-12),
  /** The id that every caption begins with. */
  bos_token_id: tokenId.default(30_522),
  /** The id that ends a caption: transformers hands it to `generate` as `eos_token_id`. */
  sep_token_id: tokenId.default(102),
});

export const blipConfigSchema = z.object({
  model_type: z.literal('blip').default('blip'),
  vision_config: z.prefault(visionConfigSchema, {}),
  text_config: z.prefault(textConfigSchema, {}),
});

export type BlipConfig = z.infer<typeof blipConfigSchema>;
export type VisionConfig = BlipConfig['vision_config'];
export type TextConfig = BlipConfig['text_config'];

/** @throws PermanentError `model_invalid` if a key is out of range, or if a size is not a multiple of its heads. */
export function parseBlipConfig(json: unknown, path: string): BlipConfig {
  const parsed = blipConfigSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw invalid(path, `${issue?.path.join('.')}: ${issue?.message}`);
  }
  const { vision_config: vision, text_config: text } = parsed.data;
  if (vision.hidden_size % vision.num_attention_heads !== 0) {
    throw invalid(path, 'vision_config.hidden_size is not a multiple of its num_attention_heads');
  }
  if (text.hidden_size % text.num_attention_heads !== 0) {
    throw invalid(path, 'text_config.hidden_size is not a multiple of its num_attention_heads');
  }
  return parsed.data;
}

function invalid(path: string, reason: string): PermanentError {
  return new PermanentError('model_invalid', `${path} does not describe a BLIP model: ${reason}.`);
}

/** Number of vectors from the vision encoder to the decoder: one for every patch and one for the whole picture. */
export function imageTokens({ image_size, patch_size }: VisionConfig): number {
  return Math.floor(image_size / patch_size) ** 2 + 1;
}
