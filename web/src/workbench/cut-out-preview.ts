import { coloursOf, mix, share } from '@spillway/core/cut-out/blend.ts';
import { cleanMask } from '@spillway/core/cut-out/clean-mask.ts';
import { featherMask } from '@spillway/core/cut-out/feather-mask.ts';
import type { Mask } from '@spillway/core/cut-out/mask.ts';
import type { RemoveBackgroundOptions } from '@spillway/core/operations/remove-background.ts';

/** Options of `remove-background` that change nothing of what the model found: the page can show them by itself. */
const shownAtOnce = ['output', 'edges', 'cleanMask', 'feather', 'background', 'format'] as const;

/** Whether the mask of one run tells what another set of options would make. */
export function isShownAtOnce(made: RemoveBackgroundOptions, wanted: RemoveBackgroundOptions): boolean {
  const keys = Object.keys(wanted) as (keyof RemoveBackgroundOptions)[];
  return keys.every((key) => made[key] === wanted[key] || shownAtOnce.some((known) => known === key));
}

/** A picture and what the model found in it, both of the preview's size. */
export interface CutOutSource {
  /** RGBA, colours not multiplied by alpha. */
  pixels: Uint8ClampedArray;
  /** As the model found it: neither cleaned nor feathered. */
  mask: Mask;
  /** Pixels of the preview for each of the picture. */
  scale: number;
}

/**
 * Draws what `remove-background` would make with these options, as `processing/saliency/cut-out.ts` does. It differs
 * from the result by what shrinking does to the picture and the mask: tests/in-memory/cut-out-preview.test.ts states how
 * far.
 * @param target RGBA of the source's size, colours not multiplied by alpha.
 */
export function drawCutOut(
  target: Uint8ClampedArray,
  { pixels, mask, scale }: CutOutSource,
  { output, edges, background, cleanMask: isCleaned, feather = 0 }: RemoveBackgroundOptions,
): void {
  const cleaned = isCleaned ? { ...mask, data: cleanMask(mask) } : mask;
  const kept = feather > 0 ? featherMask(cleaned, feather * scale) : cleaned.data;
  if (output === 'mask') drawMask(target, kept);
  else if (background !== '') drawOn(target, pixels, kept, coloursOf(background));
  else if (edges === 'straight') drawStraight(target, pixels, kept);
  else drawPremultiplied(target, pixels, kept);
}

function drawMask(target: Uint8ClampedArray, kept: Uint8Array): void {
  for (let at = 0, to = 0; at < kept.length; at++, to += 4) {
    target.fill(kept[at] as number, to, to + 3);
    target[to + 3] = 255;
  }
}

function drawStraight(target: Uint8ClampedArray, pixels: Uint8ClampedArray, kept: Uint8Array): void {
  target.set(pixels);
  for (let at = 0, to = 3; at < kept.length; at++, to += 4) {
    target[to] = share(pixels[to] as number, kept[at] as number);
  }
}

function drawPremultiplied(target: Uint8ClampedArray, pixels: Uint8ClampedArray, kept: Uint8Array): void {
  for (let to = 0; to < pixels.length; to++) {
    target[to] = share(pixels[to] as number, kept[to >> 2] as number);
  }
}

function drawOn(
  target: Uint8ClampedArray,
  pixels: Uint8ClampedArray,
  kept: Uint8Array,
  [red, green, blue]: [number, number, number],
): void {
  for (let at = 0, to = 0; at < kept.length; at++, to += 4) {
    const alpha = share(pixels[to + 3] as number, kept[at] as number);
    target[to] = mix(pixels[to] as number, red, alpha);
    target[to + 1] = mix(pixels[to + 1] as number, green, alpha);
    target[to + 2] = mix(pixels[to + 2] as number, blue, alpha);
    target[to + 3] = 255;
  }
}
