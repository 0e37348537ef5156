import type { Model } from '@spillway/core/job.ts';
import type { SaliencyForm } from './manifest.ts';

/** A model whose files are complete on this machine. */
export interface InstalledSaliencyModel extends Model, SaliencyForm {
  /** The ONNX file. */
  path: string;
  /** Whether nothing says how this file wants its input, so that its form is U^2-Net's by guess. */
  isGuess: boolean;
  /** What a person should know of its licence before the result is used; null where there is nothing to know. */
  notice: string | null;
}

export interface InstalledCaptionModel extends Model {
  /** The checkpoint's folder: config.json, model.safetensors, tokenizer.json, preprocessor_config.json. */
  path: string;
}

/** The models on this machine. */
export interface ModelLibrary {
  /**
   * The model that an option asks for: a name of the manifest, `built-in`, or `auto` (the best that is installed).
   * @throws PermanentError `model_missing`, with the command that installs it.
   */
  saliency(wanted: string): Promise<InstalledSaliencyModel>;
  caption(wanted: string): Promise<InstalledCaptionModel>;
}
