import { resizeLanczos } from '../pillow-resize.ts';
import type { Samples } from '../samples.ts';
import { certainties, type GrabCut } from './grab-cut.ts';

/*
 * The constants are those of `models/train/salient/refine.py`, the reference by which the built-in net is judged.
 * Shares of 0..1, as its map.
 */

/** GrabCut's time grows with the pixels. At this side its edges are finer than the small net's. */
const side = 320;
/** The map is final below the first value, and from the last one on. */
const sure = { background: 0.05, foreground: 0.95 } as const;
const iterations = 3;
/** Minimum share of pixels on each side, because GrabCut fits five colours to each. Otherwise the mask stays. */
const leastShare = 0.002;
/** Minimum intersection over union of GrabCut's cut and the map's. Below it, GrabCut has lost the subject. */
const leastAgreement = 0.5;
/** Above this value of `sharedColours` the colours do not show the edge, and GrabCut would take long for nothing. */
const mostShared = 0.9;
/** Sigma in pixels of the blur that softens the cut's staircase. */
const feather = 0.8;
/** Share of the map in the mixture, for edges that are really soft. */
const mapShare = 0.15;
/** This much at either end of the mixture becomes 0 or 1, so that there is no veil and there are no holes. */
const clean = 0.1;

/** Why a mask was left unrefined. */
export type Unrefined =
  /** There is no edge: nothing is the subject, or everything is. */
  | 'no_edge'
  /** The subject and its surroundings have the same colours. */
  | 'same_colours'
  /** GrabCut lost the subject. */
  | 'astray'
  /** It exceeded its limit of time. */
  | 'too_long';

export type Refinement = { kind: 'refined'; mask: Samples } | { kind: 'unrefined'; why: Unrefined };

/**
 * Moves the edge of a mask to where the colours of the picture change: GrabCut, started from the mask, on the picture
 * as the net saw it.
 * @param mask of any size.
 * @param picture RGB of any size, squashed as the mask is.
 * @returns a mask of `side` x `side`, or why there is none.
 */
export async function refineMask(mask: Samples, picture: Samples, grabCut: GrabCut): Promise<Refinement> {
  const { data: levels, ...shape } = resizeLanczos(mask, side, side);
  if (!isTelling(levels)) return { kind: 'unrefined', why: 'no_edge' };
  const { data: colours } = resizeLanczos(picture, side, side);
  if (sharedColours(colours, levels) > mostShared) return { kind: 'unrefined', why: 'same_colours' };
  const cut = await grabCut.cut({ side, colours, certainty: levels.map(certaintyOf), iterations, feather });
  switch (cut.kind) {
    case 'too_long':
      return { kind: 'unrefined', why: 'too_long' };
    case 'failed':
      return { kind: 'unrefined', why: 'astray' };
    case 'cut':
      if (agreement(cut.inside, levels) < leastAgreement) return { kind: 'unrefined', why: 'astray' };
      return { kind: 'refined', mask: { ...shape, data: mix(cut.soft, levels) } };
    default:
      return cut satisfies never;
  }
}

/** Of a mask's level. */
function isForeground(level: number): boolean {
  return level >= 0.5 * 255;
}

function isTelling(mask: Uint8Array): boolean {
  let foreground = 0;
  for (const level of mask) if (isForeground(level)) foreground++;
  return Math.min(foreground, mask.length - foreground) >= leastShare * mask.length;
}

/**
 * How much the two sides of a mask have in common: the intersection of their histograms of colours, in shares of 0..1
 * (Swain and Ballard, 1991), with 16 levels a channel.
 */
export function sharedColours(colours: Uint8Array, mask: Uint8Array): number {
  const counts = { inside: new Uint32Array(4_096), outside: new Uint32Array(4_096) };
  let inside = 0;
  for (let at = 0; at < mask.length; at++) {
    const [red = 0, green = 0, blue = 0] = [colours[at * 3], colours[at * 3 + 1], colours[at * 3 + 2]];
    const bin = ((red >> 4) << 8) | ((green >> 4) << 4) | (blue >> 4);
    const within = isForeground(mask[at] as number);
    if (within) inside++;
    const side = within ? counts.inside : counts.outside;
    side[bin] = (side[bin] as number) + 1;
  }
  const outside = mask.length - inside;
  let shared = 0;
  for (const [bin, count] of counts.inside.entries()) {
    shared += Math.min(count / inside, (counts.outside[bin] as number) / outside);
  }
  return shared;
}

function certaintyOf(level: number): number {
  if (level < sure.background * 255) return certainties.background;
  if (level >= sure.foreground * 255) return certainties.foreground;
  return isForeground(level) ? certainties.likelyForeground : certainties.likelyBackground;
}

function agreement(inside: Uint8Array, mask: Uint8Array): number {
  let both = 0;
  let either = 0;
  for (const [at, cut] of inside.entries()) {
    const found = isForeground(mask[at] ?? 0);
    if (cut && found) both++;
    if (cut || found) either++;
  }
  return both / either;
}

function mix(cut: Float32Array, mask: Uint8Array): Uint8Array {
  return mask.map((level, at) => {
    const mixed = (1 - mapShare) * (cut[at] ?? 0) + (mapShare * level) / 255;
    const stretched = (mixed - clean) / (1 - 2 * clean);
    return Math.max(0, Math.min(1, stretched)) * 255;
  });
}
