import { PermanentError } from '@spillway/core/errors.ts';
import { openCheckpoint } from '@spillway/models/blip/checkpoint.ts';
import type { Samples } from '../samples.ts';
import { type BlipModel, loadBlipModel } from './blip-model.ts';
import { type GenerationOptions, generate } from './generate.ts';
import { type ImageProcessor, loadImageProcessor } from './image-processor.ts';
import { type CaptionTokenizer, loadTokenizer } from './tokenizer.ts';

export interface CaptioningOptions extends GenerationOptions {
  /** The beginning of the caption; '' leaves it to the model. */
  prompt: string;
}

export interface CaptionBeam {
  text: string;
  /** Start id, prompt, caption and, if the caption ended by itself, the end id. */
  ids: number[];
  /** Mean log-probability of the generated ids: transformers' `sequences_scores` for several beams. */
  score: number;
}

export interface Caption {
  /**
   * The best beam's text, the prompt included, as transformers' `decode` gives it. Salesforce's own program cuts the
   * prompt off by counting its characters, which goes wrong where the tokenizer changes them.
   */
  caption: string;
  ids: number[];
  /** Best first. */
  beams: CaptionBeam[];
  /** Milliseconds. */
  timings: { prepareMs: number; lookMs: number; speakMs: number };
}

/** A checkpoint that was loaded once and captions any number of pictures, one at a time. */
export interface Captioner {
  model: BlipModel;
  prepare: ImageProcessor;
  tokenizer: CaptionTokenizer;
  /** Frees its memory. */
  release(): Promise<void>;
}

/**
 * Loads a Hugging Face checkpoint of BLIP: config.json, model.safetensors, tokenizer.json and, where they differ from
 * BLIP's own, the picture's settings in preprocessor_config.json.
 * @param threads That inference may use.
 * @throws PermanentError `model_invalid` if a file is missing, damaged or does not fit the others.
 */
export async function loadCaptioner(directory: string, threads: number): Promise<Captioner> {
  const checkpoint = await openCheckpoint(directory);
  const { vision_config: vision, text_config: text } = checkpoint.config;
  const prepare = await loadImageProcessor(directory, vision.image_size);
  const tokenizer = await loadTokenizer(directory, text);
  const model = await loadBlipModel(checkpoint, threads);
  return { model, prepare, tokenizer, release: () => model.release() };
}

/**
 * Writes a caption for a picture.
 * @throws PermanentError `invalid_options` if the prompt is too long, or the maximum length is beyond the model's.
 */
export async function captionPicture(
  { model, prepare, tokenizer }: Captioner,
  picture: Samples,
  options: CaptioningOptions,
): Promise<Caption> {
  const started = performance.now();
  const prompt = tokenizer.promptIds(options.prompt);
  checkLengths(prompt, options, model);
  const pixels = prepare(picture);
  const prepared = performance.now();
  const decoding = await model.encode(pixels);
  const encoded = performance.now();
  const sequences = await generate(decoding, prompt, model.text.sep_token_id, options);
  const decoded = performance.now();

  const beams = sequences.map(({ ids, score }) => ({ text: tokenizer.text(ids), ids, score }));
  const [best] = beams as [CaptionBeam];
  const timings = { prepareMs: prepared - started, lookMs: encoded - prepared, speakMs: decoded - encoded };
  return { caption: best.text, ids: best.ids, beams, timings };
}

function checkLengths(prompt: number[], { maxLength }: CaptioningOptions, { text }: BlipModel): void {
  if (prompt.length >= maxLength) {
    const message = `The prompt has ${prompt.length} ids, which leaves no room for a caption in maxLength ${maxLength}.`;
    throw new PermanentError('invalid_options', message);
  }
  if (maxLength > text.max_position_embeddings) {
    const message = `This model speaks at most ${text.max_position_embeddings} ids; maxLength is ${maxLength}.`;
    throw new PermanentError('invalid_options', message);
  }
}
