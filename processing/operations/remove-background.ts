import { cleanMask } from '@spillway/core/cut-out/clean-mask.ts';
import { featherMask } from '@spillway/core/cut-out/feather-mask.ts';
import type { RemoveBackgroundOptions } from '@spillway/core/operations/remove-background.ts';
import type { InstalledSaliencyModel } from '@spillway/models/installed.ts';
import type { CheckedImage } from '../checked-image.ts';
import { chooseFormat } from '../encoders.ts';
import { freeMemory } from '../free-memory.ts';
import { createModelHolder } from '../model-holder.ts';
import type { ImageOperation, SmallResult } from '../operation.ts';
import { resizeLanczos } from '../pillow-resize.ts';
import { maskOfClothes } from '../saliency/clothes.ts';
import { cutOutRows, encodeCutOut, encodeMask } from '../saliency/cut-out.ts';
import { createGrabCut } from '../saliency/grab-cut.ts';
import { type Finding, readMap } from '../saliency/mask.ts';
import { loadNet, runNet } from '../saliency/net.ts';
import { toNetInput } from '../saliency/net-input.ts';
import { notesOnMask, notesOnModel } from '../saliency/notes.ts';
import { openSource } from '../saliency/picture-source.ts';
import { type Refinement, refineMask, type Unrefined } from '../saliency/refine.ts';
import { gather, type Samples } from '../samples.ts';
import { fitMask, shrinkMask } from '../small-mask.ts';

/**
 * Finds the subject with a saliency net and makes the rest transparent. Every step is rembg's (github.com/danielgatis/
 * rembg, `sessions/base.py`, `u2net.py` and `bg.py` at 684f8e9), so that its models give the masks that they were
 * chosen for; `refine`, `feather` and `background` are ours.
 */
export function createRemoveBackground(): ImageOperation<RemoveBackgroundOptions> {
  const nets = createModelHolder(loadNet);
  const grabCut = createGrabCut();
  return {
    warmUpRuns: 1,
    // OpenCV loads beside the net's work, and leaves again after a pause.
    warmUpOptions: { refine: 'none' },
    // Samples and mask, and then either what cleaning takes or the whole result, which hardly shrinks in the worst case.
    bytesPerPixel: ({ output, cleanMask, feather = 0 }, { channels, shrinkable }) => {
      if (output === 'mask') return (shrinkable ? 0 : channels) + (cleanMask ? 6 : feather > 0 ? 3.1 : 2.1);
      return channels + Math.max(channels === 4 ? 3 : 0, cleanMask ? 6 : 5.1);
    },
    loadedModels: nets.names,
    async make(image, options, { models, threads, thumbnails }) {
      const model = await models.saliency(options.model);
      if (refines(options, model)) grabCut.prepare();
      const source = await openSource(image);
      const side = await nets.use(model, threads, async (net) => net.side);
      // On sharp's threads, while the net and what comes after it keep this one busy.
      const picture = options.output === 'cutout' ? source.full() : null;
      // Awaited only where the picture is cut out: until then, or after another failure, nobody handles its own.
      picture?.catch(() => {});
      const squashed = await source.squashed(side).catch(async (error) => {
        // The other decoding ends first, so that the next attempt has its memory.
        await picture?.catch(() => {});
        throw error;
      });
      const input = toNetInput(squashed, model.input);
      const map = await nets.use(model, threads, (net) => runNet(net, input));
      const found = readMap(map, model.output);
      const refinement = refines(options, model)
        ? await refineMask(maskOf(found, options), squashed, grabCut)
        : null;
      const enlarged =
        refinement?.kind === 'refined'
          ? resizeLanczos(refinement.mask, image.width, image.height)
          : enlarge(found, image, options);
      const mask = finished(enlarged, options);
      const small = thumbnails ? await smallCutOut(enlarged, mask, options) : undefined;
      const alpha = options.output === 'cutout' && options.background === '';
      const { width, height } = image;
      const { extension, notes } = chooseFormat(options.format, { width, height, alpha });
      const bytes = await encode(await picture, mask, { ...options, format: extension });
      freeMemory(mask.data);
      return {
        bytes,
        extension,
        width,
        height,
        model: label(model),
        inferenceMs: map.inferenceMs,
        notes: [
          ...notes,
          ...notesOnModel(model, side),
          ...notesOnMask(found, maskOf(found, options), model),
          ...notesOn(refinement, options),
        ],
        ...(small ? { small } : {}),
      };
    },
  };
}

/** At the net's size. */
function maskOf(found: Finding, { clothes }: RemoveBackgroundOptions): Samples {
  return found.kind === 'mask' ? found.mask : maskOfClothes(found.labels, clothes);
}

/** At the picture's size. Labels are enlarged before one is chosen, as rembg does it. */
function enlarge(
  found: Finding,
  { width, height }: CheckedImage,
  { clothes }: RemoveBackgroundOptions,
): Samples {
  if (found.kind === 'mask') return resizeLanczos(found.mask, width, height);
  return maskOfClothes(resizeLanczos(found.labels, width, height), clothes);
}

/** As it was asked for: what the page's preview does again (`web/src/workbench`), with the same functions. */
function finished(mask: Samples, { cleanMask: isCleaned, feather = 0 }: RemoveBackgroundOptions): Samples {
  const cleaned = isCleaned ? { ...mask, data: cleanMask(mask) } : mask;
  return feather > 0 ? { ...cleaned, data: featherMask(cleaned, feather) } : cleaned;
}

/** The whole cut-out would have to be read again for a thumbnail: its small picture and its small mask give the same. */
async function smallCutOut(
  found: Samples,
  mask: Samples,
  options: RemoveBackgroundOptions,
): Promise<SmallResult> {
  const kept = await shrinkMask(found);
  const drawn = mask === found ? kept : await shrinkMask(mask);
  return {
    mask: kept,
    async draw(source) {
      const fitting = await fitMask(drawn, source);
      return options.output === 'mask' ? fitting : gather(cutOutRows(source, fitting, options));
    },
  };
}

async function encode(picture: Samples | null, mask: Samples, options: RemoveBackgroundOptions) {
  if (!picture) return await encodeMask(mask, options.format);
  const bytes = await encodeCutOut(picture, mask, options);
  freeMemory(picture.data);
  return bytes;
}

/** The built-in net is small and its edges are soft: following the picture's helps it. The others do without. */
function refines({ refine }: RemoveBackgroundOptions, { builtIn }: InstalledSaliencyModel): boolean {
  return refine === 'grabcut' || (refine === 'auto' && builtIn);
}

const unrefined = {
  no_edge: 'The edge was not refined: the model found nothing, or everything, to be the subject.',
  same_colours: 'The edge was not refined: the subject and what is around it have the same colours.',
  astray: 'The edge was not refined: the picture’s colours do not follow what the model found.',
  too_long: 'The edge was not refined: it would have taken too long in this picture.',
} satisfies Record<Unrefined, string>;

/** Where nobody asked for a refinement, only what a bound has cut off is worth a word. */
function notesOn(refinement: Refinement | null, { refine }: RemoveBackgroundOptions): string[] {
  if (refinement?.kind !== 'unrefined') return [];
  const { why } = refinement;
  return refine === 'grabcut' || why === 'same_colours' || why === 'too_long' ? [unrefined[why]] : [];
}

function label({ name, sha256, builtIn, install }: InstalledSaliencyModel) {
  return { name, sha256, builtIn, install };
}
