/**
 * Colours by the numbers of ITU-T H.273 (CICP), as AVIF, HEIC and PNG name them, in the terms of `to-srgb.ts`.
 */

/** CIE 1931 x and y. */
export type Chromaticity = readonly [x: number, y: number];

/** Where a picture's red, green, blue and white lie. */
export interface Primaries {
  red: Chromaticity;
  green: Chromaticity;
  blue: Chromaticity;
  white: Chromaticity;
}

/** The light of a value of 0 to 1. */
export type Transfer =
  /** Light of a screen, relative to white: 1 is the white of an sRGB picture, what is above it is brighter. */
  | { kind: 'display'; light: (value: number) => number }
  /** Light of the scene, relative to its peak: hybrid log-gamma, whose screen depends on all three of a pixel. */
  | { kind: 'hlg' };

export interface CodedColours {
  primaries: Primaries;
  transfer: Transfer;
  /** Whether black and white are 16/255 and 235/255, as in video. */
  isNarrow: boolean;
}

const d65: Chromaticity = [0.3127, 0.329];
const illuminantC: Chromaticity = [0.31, 0.316];

export const srgbPrimaries: Primaries = {
  red: [0.64, 0.33],
  green: [0.3, 0.6],
  blue: [0.15, 0.06],
  white: d65,
};
const bt601Primaries: Primaries = {
  red: [0.63, 0.34],
  green: [0.31, 0.595],
  blue: [0.155, 0.07],
  white: d65,
};
const p3: Omit<Primaries, 'white'> = { red: [0.68, 0.32], green: [0.265, 0.69], blue: [0.15, 0.06] };

/** H.273, table 2. What is unspecified (2) is missing. */
const primariesByCode: Record<number, Primaries> = {
  1: srgbPrimaries,
  4: { red: [0.67, 0.33], green: [0.21, 0.71], blue: [0.14, 0.08], white: illuminantC },
  5: { red: [0.64, 0.33], green: [0.29, 0.6], blue: [0.15, 0.06], white: d65 },
  6: bt601Primaries,
  7: bt601Primaries,
  8: { red: [0.681, 0.319], green: [0.243, 0.692], blue: [0.145, 0.049], white: illuminantC },
  9: { red: [0.708, 0.292], green: [0.17, 0.797], blue: [0.131, 0.046], white: d65 },
  10: { red: [1, 0], green: [0, 1], blue: [0, 0], white: [1 / 3, 1 / 3] },
  11: { ...p3, white: [0.314, 0.351] },
  12: { ...p3, white: d65 },
  22: { red: [0.63, 0.34], green: [0.295, 0.605], blue: [0.155, 0.077], white: d65 },
};

/** IEC 61966-2-1. */
export const srgbTransfer: Transfer = { kind: 'display', light: srgbLight };

function srgbLight(value: number): number {
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

/** Light as a power of the value. */
export function powerTransfer(exponent: number): Transfer {
  return { kind: 'display', light: (value) => value ** exponent };
}

/** H.273, table 3. What is unspecified (2) is missing. */
const transferByCode: Record<number, Transfer> = {
  // The curves of cameras for video. Their pictures are meant for screens as they are: read as sRGB, as browsers do.
  1: srgbTransfer,
  6: srgbTransfer,
  11: srgbTransfer,
  12: srgbTransfer,
  14: srgbTransfer,
  15: srgbTransfer,
  4: powerTransfer(2.2),
  5: powerTransfer(2.8),
  7: { kind: 'display', light: smpte240Light },
  8: powerTransfer(1),
  9: { kind: 'display', light: (value) => logarithmicLight(value, 2) },
  10: { kind: 'display', light: (value) => logarithmicLight(value, 2.5) },
  13: srgbTransfer,
  16: { kind: 'display', light: (value) => pqLight(value) / referenceWhite },
  // SMPTE ST 428-1: white of 48 cd/m² below a peak of 52.37.
  17: { kind: 'display', light: (value) => (52.37 / 48) * value ** 2.6 },
  18: { kind: 'hlg' },
};

function smpte240Light(value: number): number {
  return value < 0.0913 ? value / 4 : ((value + 0.1115) / 1.1115) ** (1 / 0.45);
}

function logarithmicLight(value: number, decades: number): number {
  return value <= 0 ? 0 : 10 ** ((value - 1) * decades);
}

/** Luminance in cd/m² that a white page has in HDR pictures, by ITU-R BT.2408: our white. */
export const referenceWhite = 203;

/** Perceptual quantizer, SMPTE ST 2084 (ITU-R BT.2100, table 4): luminance in cd/m². */
function pqLight(value: number): number {
  const power = value ** (32 / 2523);
  return 10_000 * (Math.max(0, power - 107 / 128) / (2413 / 128 - (2392 / 128) * power)) ** (8192 / 1305);
}

/**
 * The colours of two numbers; null if both are unspecified or unknown. If only one is, sRGB's is assumed for it.
 */
export function codedColours(primaries: number, transfer: number, isNarrow = false): CodedColours | null {
  const known = { primaries: primariesByCode[primaries], transfer: transferByCode[transfer] };
  if (!known.primaries && !known.transfer) return null;
  return {
    primaries: known.primaries ?? srgbPrimaries,
    transfer: known.transfer ?? srgbTransfer,
    isNarrow,
  };
}
