import { resizeLanczos } from '../pillow-resize.ts';
import type { Samples } from '../samples.ts';
import { loadOpenCv, type OpenCv } from './opencv.ts';

/*
 * The constants are those of `models/train/salient/refine.py`, the reference by which the built-in net is judged.
 * Shares of 0..1, as its map.
 */

/** GrabCut's time grows with the pixels; at this side its edges are finer than the small net's. */
const side = 320;
/** Below the first the map's word is final, and from the last on. */
const sure = { background: 0.05, foreground: 0.95 } as const;
const iterations = 3;
/** Of the pixels: GrabCut fits five colours to either side, and with fewer than this on one the mask stays. */
const leastShare = 0.002;
/** Intersection over union of GrabCut's cut with the map's own: below it GrabCut has lost the subject. */
const leastAgreement = 0.5;
/** Sigma in pixels of the blur that softens the cut's staircase. */
const feather = 0.8;
/** Of the map, mixed in for edges that are soft in truth. */
const mapShare = 0.15;
/** So much at either end of the mixture becomes nothing or everything: no veil, no holes. */
const clean = 0.1;

/**
 * Moves the edge of a mask to where the colours of the picture change: GrabCut (Rother, Kolmogorov and Blake, 2004),
 * started from the mask, on the picture as the net saw it.
 * @param mask of any size.
 * @param picture RGB of any size, squashed as the mask is.
 * @returns a mask of `side` x `side`, or `mask` itself where GrabCut has too little to start from or goes astray.
 */
export async function refineMask(mask: Samples, picture: Samples): Promise<Samples> {
  const small = resizeLanczos(mask, side, side);
  if (!isTelling(small.data)) return mask;
  const { cv } = await loadOpenCv();
  const data = cutAndMix(cv, resizeLanczos(picture, side, side), small);
  return data ? { ...small, data } : mask;
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

/** The refined mask, or null where the cut does not agree with the mask. */
function cutAndMix(cv: OpenCv, picture: Samples, mask: Samples): Uint8Array | null {
  const mats: { delete(): void }[] = [];
  // Nothing frees what lies in the memory of WebAssembly but `delete`.
  const owned = <Mat extends { delete(): void }>(mat: Mat): Mat => {
    mats.push(mat);
    return mat;
  };
  try {
    const colours = owned(new cv.Mat(side, side, cv.CV_8UC3));
    const labels = owned(new cv.Mat(side, side, cv.CV_8UC1));
    colours.data.set(picture.data);
    labels.data.set(mask.data.map((level) => labelOf(cv, level)));
    // Its first guess at the colours is drawn by lot: the same picture shall give the same mask.
    cv.setRNGSeed(0);
    const [background, foreground] = [owned(new cv.Mat()), owned(new cv.Mat())];
    const nowhere = new cv.Rect(0, 0, 1, 1);
    cv.grabCut(colours, labels, nowhere, background, foreground, iterations, cv.GC_INIT_WITH_MASK);
    // Labels are odd for foreground, sure or probable.
    const cut = owned(new cv.Mat(side, side, cv.CV_32FC1));
    cut.data32F.set(labels.data.map((label) => label & 1));
    if (agreement(labels.data, mask.data) < leastAgreement) return null;
    cv.GaussianBlur(cut, cut, new cv.Size(0, 0), feather);
    return mix(cut.data32F, mask.data);
  } finally {
    for (const mat of mats) mat.delete();
  }
}

function labelOf(cv: OpenCv, level: number): number {
  if (level < sure.background * 255) return cv.GC_BGD;
  if (level >= sure.foreground * 255) return cv.GC_FGD;
  return isForeground(level) ? cv.GC_PR_FGD : cv.GC_PR_BGD;
}

function agreement(labels: Uint8Array, mask: Uint8Array): number {
  let both = 0;
  let either = 0;
  for (const [at, label] of labels.entries()) {
    const cut = (label & 1) === 1;
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
