import { type CodedColours, type Primaries, srgbPrimaries, srgbTransfer } from './code-points.ts';

/** What a file says its samples mean. */
export type ColourTag =
  /** sRGB, whatever its ICC profile says; also of a file that says nothing. */
  | { kind: 'srgb' }
  /** What its ICC profile says, if it has one. */
  | { kind: 'profile' }
  /** Colours by numbers. */
  | { kind: 'coded'; colours: CodedColours };

/** The tag of colours by numbers, which are often those of sRGB. */
export function codedTag(colours: CodedColours | null): ColourTag {
  if (!colours) return { kind: 'srgb' };
  const { primaries, transfer, isNarrow } = colours;
  const isSrgb = transfer === srgbTransfer && !isNarrow && areSrgb(primaries);
  return isSrgb ? { kind: 'srgb' } : { kind: 'coded', colours };
}

/** By how much chromaticities may differ by rounding. */
const tolerance = 0.001;

export function areSrgb(primaries: Primaries): boolean {
  const corners = ['red', 'green', 'blue', 'white'] as const;
  return corners.every((corner) => {
    const [x, y] = primaries[corner];
    const [srgbX, srgbY] = srgbPrimaries[corner];
    return Math.abs(x - srgbX) <= tolerance && Math.abs(y - srgbY) <= tolerance;
  });
}
