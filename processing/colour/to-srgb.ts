import { type CodedColours, referenceWhite, srgbPrimaries } from './code-points.ts';
import { inverse, type Matrix, multiply, xyzMatrix } from './rgb-matrix.ts';

/** Turns samples of one depth and one colour space into sRGB. */
export interface SrgbConversion {
  /** Light of every level of a sample. */
  light: Float32Array;
  /** From light in the source's primaries to light in sRGB's, row by row. */
  matrix: Float64Array;
  /** What every level of alpha becomes. */
  alpha: Uint8Array;
  /** For HLG: by how much a screen multiplies the light of a pixel of a luminance, in steps of 1/`gainSteps`. */
  screen: { gain: Float32Array; luminance: Float64Array } | null;
}

export type WideSamples = Uint8Array | Uint16Array;

/** Pixels a call of a hot loop: V8 compiles a function that is called often better than one that loops for long. */
const piecePixels = 4_096;

/**
 * Converts interleaved RGB or RGBA to 8 bits of sRGB. What sRGB cannot hold is cut off channel by channel: colours
 * outside its gamut (relative colorimetric, as browsers do), and what is brighter than white (203 cd/m² in PQ and HLG,
 * the reference white of ITU-R BT.2408), so that whatever an SDR picture can show comes out as an SDR picture shows it.
 * @param target Of as many samples. It may share its memory with `source` if both begin at the same byte.
 */
export function convertToSrgb(
  source: WideSamples,
  target: Uint8Array,
  channels: number,
  conversion: SrgbConversion,
): void {
  const step = piecePixels * channels;
  for (let from = 0; from < source.length; from += step) {
    const to = Math.min(source.length, from + step);
    convertPiece(source, target, from, to, channels, conversion);
  }
}

function convertPiece(
  source: WideSamples,
  target: Uint8Array,
  from: number,
  to: number,
  channels: number,
  { light, matrix, alpha, screen }: SrgbConversion,
): void {
  const [rr = 0, rg = 0, rb = 0, gr = 0, gg = 0, gb = 0, br = 0, bg = 0, bb = 0] = matrix;
  const [yr = 0, yg = 0, yb = 0] = screen?.luminance ?? [];
  for (let at = from; at < to; at += channels) {
    let red = light[source[at] as number] as number;
    let green = light[source[at + 1] as number] as number;
    let blue = light[source[at + 2] as number] as number;
    if (screen) {
      const luminance = yr * red + yg * green + yb * blue;
      const gain = screen.gain[(luminance * gainSteps + 0.5) | 0] as number;
      red *= gain;
      green *= gain;
      blue *= gain;
    }
    const opacity = channels === 4 ? (alpha[source[at + 3] as number] as number) : 0;
    target[at] = srgbLevel(rr * red + rg * green + rb * blue);
    target[at + 1] = srgbLevel(gr * red + gg * green + gb * blue);
    target[at + 2] = srgbLevel(br * red + bg * green + bb * blue);
    if (channels === 4) target[at + 3] = opacity;
  }
}

const lightSteps = 65_535;
const gainSteps = 4_095;

/** The sRGB level of an amount of light, in steps of 1/`lightSteps`. */
const srgbLevels = Uint8Array.from({ length: lightSteps + 1 }, (_, step) => {
  const light = step / lightSteps;
  return Math.round(255 * (light <= 0.0031308 ? light * 12.92 : 1.055 * light ** (1 / 2.4) - 0.055));
});

function srgbLevel(light: number): number {
  if (light <= 0) return 0;
  if (light >= 1) return 255;
  return srgbLevels[(light * lightSteps + 0.5) | 0] as number;
}

/** @param maximum The level of a sample that means 1. Higher levels are clipped to it. */
export function srgbConversion(
  { primaries, transfer, isNarrow }: CodedColours,
  maximum: number,
): SrgbConversion {
  const levels = maximum > 255 ? 65_536 : 256;
  const toXyz = xyzMatrix(primaries);
  const matrix = multiply(fromXyz, toXyz);
  const shareOf = (level: number): number => {
    const share = Math.min(1, level / maximum);
    return isNarrow ? Math.min(1, Math.max(0, (share * 255 - 16) / 219)) : share;
  };
  const lightOf = transfer.kind === 'hlg' ? hlgSceneLight : transfer.light;
  return {
    light: Float32Array.from({ length: levels }, (_, level) => lightOf(shareOf(level))),
    matrix: Float64Array.from(matrix),
    alpha: Uint8Array.from({ length: levels }, (_, level) =>
      Math.min(255, Math.round((255 * level) / maximum)),
    ),
    screen: transfer.kind === 'hlg' ? hlgScreen(toXyz) : null,
  };
}

const fromXyz = inverse(xyzMatrix(srgbPrimaries));

/** Inverse of HLG's opto-electronic transfer function (ITU-R BT.2100, table 5). */
function hlgSceneLight(value: number): number {
  const a = 0.17883277;
  const b = 1 - 4 * a;
  const c = 0.5 - a * Math.log(4 * a);
  return value <= 0.5 ? value ** 2 / 3 : (Math.exp((value - c) / a) + b) / 12;
}

/** HLG on the screen of 1,000 cd/m² that it was designed for, whose system gamma is 1.2 (BT.2100, table 5). */
function hlgScreen(toXyz: Matrix): NonNullable<SrgbConversion['screen']> {
  const gain = Float32Array.from(
    { length: gainSteps + 2 },
    (_, step) => (1_000 / referenceWhite) * (step / gainSteps) ** (1.2 - 1),
  );
  return { gain, luminance: Float64Array.from(toXyz.slice(3, 6)) };
}
