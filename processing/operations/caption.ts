import type { CaptionResult } from '@spillway/core/caption-result.ts';
import type { CaptionOptions } from '@spillway/core/operations/caption.ts';
import type { InstalledCaptionModel } from '@spillway/models/installed.ts';
import { type Captioner, describe, loadCaptioner } from '../captioning/captioner.ts';
import { decodeRgb } from '../decode.ts';
import { freeMemory } from '../free-memory.ts';
import type { ImageOperation } from '../operation.ts';

/** Says in one sentence what a picture shows, with Salesforce's BLIP or any other checkpoint of its kind. */
export const caption: ImageOperation<CaptionOptions> = {
  warmUpRuns: 1,
  // The picture is resized in rows.
  bytesPerPixel: () => 3.2,
  loadedModels: () => (standing ? [standing.name] : []),
  async run(image, options, { models, threads }) {
    const { path, ...model } = await models.caption(options.model);
    const captioner = await captionerOf({ path, ...model }, threads);
    const picture = await decodeRgb(image);
    const said = await describe(captioner, picture, options);
    const result: CaptionResult = { ...said, model };
    freeMemory(picture.data);
    const bytes = Buffer.from(`${JSON.stringify(result, null, 2)}\n`);
    const { width, height } = image;
    const inferenceMs = said.timings.lookMs + said.timings.speakMs;
    return { bytes, extension: 'json', width, height, model, inferenceMs, notes: [] };
  },
};

/** The one captioner that this process holds. A child does one job at a time, so that no other job is using it. */
let standing: { name: string; sha256: string; path: string; captioner: Captioner } | null = null;

async function captionerOf(
  { name, sha256, path }: InstalledCaptionModel,
  threads: number,
): Promise<Captioner> {
  if (standing?.path === path && standing.sha256 === sha256) return standing.captioner;
  const before = standing?.captioner;
  standing = null;
  await before?.release();
  const captioner = await loadCaptioner(path, { threads });
  standing = { name, sha256, path, captioner };
  return captioner;
}
