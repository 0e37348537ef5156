import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PermanentError } from '@spillway/core/errors.ts';
import { readModelJson } from '@spillway/models/blip/checkpoint.ts';
import { z } from 'zod';
import { resizeBicubic } from '../pillow-resize.ts';
import { type Samples, toPlanes } from '../samples.ts';

const perChannel = z.tuple([z.number(), z.number(), z.number()]);

/** Pillow's number for bicubic. */
const bicubic = 3;

/** The keys of preprocessor_config.json that matter. The defaults are those of transformers' BlipImageProcessor. */
const settingsSchema = z.object({
  do_resize: z.literal(true).default(true),
  do_rescale: z.literal(true).default(true),
  do_normalize: z.literal(true).default(true),
  resample: z.literal(bicubic).default(bicubic),
  rescale_factor: z
    .number()
    .positive()
    .default(1 / 255),
  image_mean: perChannel.default([0.48145466, 0.4578275, 0.40821073]),
  image_std: perChannel.default([0.26862954, 0.26130258, 0.27577711]),
  size: z.object({ height: z.int(), width: z.int() }).optional(),
});

/** Turns pixels into what the vision graph takes: [1, 3, side, side], planes of red, green and blue. */
export type ImageProcessor = (pixels: Samples) => Float32Array;

/**
 * transformers' BlipImageProcessor with its Pillow backend: squashed to a square, bicubic, scaled and normalised.
 * @param side The picture's side that config.json asks for.
 * @throws PermanentError `model_invalid` where the settings ask for something else.
 */
export async function loadImageProcessor(directory: string, side: number): Promise<ImageProcessor> {
  const { path, json } = await readSettings(directory);
  const parsed = settingsSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const message = `${path} asks for what BLIP does not do: ${issue?.path.join('.')}: ${issue?.message}.`;
    throw new PermanentError('model_invalid', message);
  }
  const settings = parsed.data;
  const { height, width } = settings.size ?? { height: side, width: side };
  if (height !== side || width !== side) {
    const message = `${path} makes pictures of ${width}x${height}, but config.json asks for ${side}x${side}.`;
    throw new PermanentError('model_invalid', message);
  }
  const levels = normalisedLevels(settings);
  return (pixels) => toPlanes(resizeBicubic(pixels, side, side), levels);
}

const sharedSettingsSchema = z.object({ image_processor: z.unknown() }).partial();

/** Newer checkpoints keep these settings within processor_config.json. Without either, BLIP's own settings hold. */
async function readSettings(directory: string): Promise<{ path: string; json: unknown }> {
  const own = join(directory, 'preprocessor_config.json');
  if (existsSync(own)) return { path: own, json: await readModelJson(own) };
  const shared = join(directory, 'processor_config.json');
  if (!existsSync(shared)) return { path: own, json: {} };
  const parsed = sharedSettingsSchema.safeParse(await readModelJson(shared));
  return { path: shared, json: parsed.success ? (parsed.data.image_processor ?? {}) : null };
}

type Settings = z.infer<typeof settingsSchema>;

/** What each of the 256 levels of each channel becomes. */
function normalisedLevels({ rescale_factor, image_mean, image_std }: Settings): Float32Array[] {
  return image_mean.map((mean, channel) => {
    const deviation = image_std[channel] as number;
    return Float32Array.from({ length: 256 }, (_, level) => (level * rescale_factor - mean) / deviation);
  });
}
