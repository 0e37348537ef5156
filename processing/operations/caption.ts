import type { CaptionOptions, CaptionResult } from '@spillway/core/operations/caption.ts';
import type { InstalledCaptionModel } from '@spillway/models/installed.ts';
import { type Captioner, captionPicture, loadCaptioner } from '../captioning/captioner.ts';
import { decodeRgb } from '../decode.ts';
import { freeMemory } from '../free-memory.ts';
import { createModelHolder } from '../model-holder.ts';
import type { ImageOperation } from '../operation.ts';

/** Says in one sentence what a picture shows, with Salesforce's BLIP or any other checkpoint of its kind. */
export function createCaption(): ImageOperation<CaptionOptions> {
  const captioners = createModelHolder<InstalledCaptionModel, Captioner>(({ path }, threads) =>
    loadCaptioner(path, threads),
  );
  return {
    warmUpRuns: 1,
    // The picture is resized in rows.
    bytesPerPixel: () => 3.2,
    loadedModels: captioners.names,
    async make(image, options, { models, threads }) {
      const installed = await models.caption(options.model);
      const said = await captioners.use(installed, threads, async (captioner) => {
        const picture = await decodeRgb(image);
        const caption = await captionPicture(captioner, picture, options);
        freeMemory(picture.data);
        return caption;
      });
      const { path: _, ...model } = installed;
      const result: CaptionResult = { ...said, model };
      const bytes = Buffer.from(`${JSON.stringify(result, null, 2)}\n`);
      const { width, height } = image;
      const inferenceMs = said.timings.lookMs + said.timings.speakMs;
      return { bytes, extension: 'json', width, height, model, inferenceMs, notes: [] };
    },
  };
}
