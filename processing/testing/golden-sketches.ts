/** A sketch that OpenCV made of a drawn scene; `bench/peers/sketch_golden.ts` makes all of them. */
export interface GoldenSketch {
  width: number;
  height: number;
  /** Side of the Gaussian kernel. */
  blur: number;
}

const ordinary = [3, 7, 21, 51].map((blur) => ({ width: 160, height: 120, blur }));

/** Smaller than their kernel, so that what lies beyond the edges decides most of the drawing. */
const small = [
  { width: 32, height: 32, blur: 21 },
  { width: 13, height: 9, blur: 21 },
  { width: 7, height: 7, blur: 3 },
  { width: 20, height: 30, blur: 9 },
  { width: 24, height: 16, blur: 19 },
  { width: 8, height: 8, blur: 99 },
  { width: 40, height: 2, blur: 65 },
  { width: 1, height: 20, blur: 9 },
  { width: 19, height: 1, blur: 45 },
  { width: 1, height: 1, blur: 21 },
];

export const goldenSketches: readonly GoldenSketch[] = [...ordinary, ...small];

/** Where the golden drawing lies. */
export function goldenSketchUrl({ width, height, blur }: GoldenSketch): URL {
  return new URL(`./golden/sketch-${width}x${height}-${blur}.png`, import.meta.url);
}
