import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { z } from 'zod';
import { saliencyStatementSchema } from './saliency-statement.ts';

/** Where a process finds its models. It is plain data, because it is sent to child processes. */
export const modelsSettingsSchema = z.object({
  /** Absolute path of the model folder: `<folder>/<name>/` for each installed model. It may not exist yet. */
  folder: z.string().min(1),
  /** An ONNX file to use in place of every saliency model. */
  saliencyFile: z.string().min(1).optional(),
  /** How to prepare a picture for that file. Default: a JSON file beside it, or the manifest if it knows the file. */
  saliencyStatement: saliencyStatementSchema.optional(),
  /** A folder with a BLIP checkpoint to use in place of every caption model. */
  captionDirectory: z.string().min(1).optional(),
});
export type ModelsSettings = z.infer<typeof modelsSettingsSchema>;

/** Environment variables about models, for the configurations of programs. */
export const modelsEnvironmentSchema = z.object({
  /** The model folder. Default: `spillway/models` in the user's cache folder. */
  SPILLWAY_MODELS_DIR: z.string().min(1).optional(),
  /** Where models are fetched from: `public`, `gs://bucket/prefix`, a directory, or `none`. */
  SPILLWAY_MODELS_SOURCE: z.string().min(1).default('public'),
  XDG_CACHE_HOME: z.string().optional(),
});
export type ModelsEnvironment = z.infer<typeof modelsEnvironmentSchema>;

/** Absolute path of the model folder. */
export function modelsFolderFrom({
  SPILLWAY_MODELS_DIR,
  XDG_CACHE_HOME,
}: Partial<ModelsEnvironment>): string {
  if (SPILLWAY_MODELS_DIR) return resolve(SPILLWAY_MODELS_DIR);
  // The XDG specification says that relative paths are ignored.
  const cache = XDG_CACHE_HOME && isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : join(homedir(), '.cache');
  return join(cache, 'spillway', 'models');
}

/** The source of models that an environment names. */
export function modelsSourceFrom(environment: Record<string, string | undefined>): string {
  return modelsEnvironmentSchema.parse(environment).SPILLWAY_MODELS_SOURCE;
}
