/**
 * The colour that tests look for, 220, 60, 40 in sRGB, as other colour spaces name it: shares of their highest value.
 * Computed with colour-science 0.4 (colour-science.org) from the standards' formulas, HDR with white at 203 cd/m²
 * (ITU-R BT.2408) and HLG on its screen of 1,000 cd/m²; none of it comes from our own code.
 */
export const wanted = [220, 60, 40] as const;

export interface EncodedColour {
  name: string;
  /** Numbers of ITU-T H.273. */
  primaries: number;
  transfer: number;
  pixel: readonly [red: number, green: number, blue: number];
}

export const encodedColours: readonly EncodedColour[] = [
  { name: 'Display P3', primaries: 12, transfer: 13, pixel: [0.79575, 0.28801, 0.20542] },
  { name: 'BT.2020, PQ', primaries: 9, transfer: 16, pixel: [0.50226, 0.35041, 0.27281] },
  { name: 'P3, PQ', primaries: 12, transfer: 16, pixel: [0.52743, 0.32502, 0.27303] },
  { name: 'BT.709, PQ', primaries: 1, transfer: 16, pixel: [0.54602, 0.29293, 0.23744] },
  { name: 'BT.2020, HLG', primaries: 9, transfer: 18, pixel: [0.65164, 0.30973, 0.19104] },
  {
    name: 'BT.2020, curve of BT.709 (read as sRGB)',
    primaries: 9,
    transfer: 1,
    pixel: [0.7117, 0.33405, 0.20509],
  },
  { name: 'BT.2020, 10 bits (read as sRGB)', primaries: 9, transfer: 14, pixel: [0.7117, 0.33405, 0.20509] },
  {
    name: 'BT.470 M, gamma 2.2, illuminant C',
    primaries: 4,
    transfer: 4,
    pixel: [0.72923, 0.27389, 0.21753],
  },
  { name: 'BT.470 B/G, gamma 2.8', primaries: 5, transfer: 5, pixel: [0.87471, 0.33086, 0.25136] },
  { name: 'BT.601 (read as sRGB)', primaries: 6, transfer: 6, pixel: [0.88589, 0.1978, 0.16193] },
  { name: 'SMPTE 240M', primaries: 7, transfer: 7, pixel: [0.87074, 0.12607, 0.08983] },
  { name: 'DCI P3', primaries: 11, transfer: 17, pixel: [0.80837, 0.34438, 0.2651] },
  { name: 'XYZ of cinemas', primaries: 10, transfer: 17, pixel: [0.63508, 0.51359, 0.26895] },
  { name: 'EBU 3213, sRGB', primaries: 22, transfer: 13, pixel: [0.8537, 0.19836, 0.16182] },
  {
    name: 'BT.709, logarithmic over 2 decades',
    primaries: 1,
    transfer: 9,
    pixel: [0.92736, 0.3275, 0.16336],
  },
  {
    name: 'BT.709, logarithmic over 2.5 decades',
    primaries: 1,
    transfer: 10,
    pixel: [0.94189, 0.462, 0.33069],
  },
];

/** Of these, 8 bits are too few for a dark channel to come back within the tolerance. */
export const linearColour: EncodedColour = {
  name: 'BT.709, linear',
  primaries: 1,
  transfer: 8,
  pixel: [0.71569, 0.04519, 0.02122],
};

/** In spaces that only profiles name. */
export const inAdobeRgb = [0.7459, 0.2447, 0.17717] as const;
export const inLinearProPhoto = [0.39672, 0.11046, 0.03576] as const;

/** Shares as levels of a depth. */
export function levelsOf(shares: readonly number[], depth: number): number[] {
  return shares.map((share) => Math.round(share * (2 ** depth - 1)));
}
