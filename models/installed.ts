import type { Model } from '@spillway/core/job.ts';
import type { ModelKind } from '@spillway/core/models.ts';
import type { SaliencyForm } from './manifest.ts';

/** A model whose files are complete on this machine. */
export interface InstalledSaliencyModel extends Model, SaliencyForm {
  /** The ONNX file. */
  path: string;
  /** Whether the form of the input is unknown, so that U^2-Net's is assumed. */
  isGuess: boolean;
  /** A warning about its licence for people who use the result; null if there is none. */
  notice: string | null;
}

export interface InstalledCaptionModel extends Model {
  /** The checkpoint's folder: config.json, model.safetensors, tokenizer.json, preprocessor_config.json. */
  path: string;
}

interface InstalledModels extends Record<ModelKind, Model> {
  saliency: InstalledSaliencyModel;
  caption: InstalledCaptionModel;
}

/**
 * The models on this machine, by kind. Each function finds the model that an option asks for: a name of the manifest,
 * `built-in`, or `auto` (the best that is installed). It throws PermanentError `model_missing`, with the command that
 * installs the model.
 */
export type ModelLibrary = {
  readonly [Kind in ModelKind]: (wanted: string) => Promise<InstalledModels[Kind]>;
};
