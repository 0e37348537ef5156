import { type EncodedColour, encodedColours, linearColour } from '../colour/encoded-colour.ts';
import { type Drawing, drawScene } from '../drawings.ts';

/** What the pictures of this folder show: no two corners alike, so that turning shows. */
export const sceneSize = { width: 180, height: 120 };
/** Pixels of one of the four tiles of `phone.heic`: together they are larger than the picture. */
export const tileSize: [width: number, height: number] = [128, 64];

export function heicScene(): Drawing {
  return drawScene(sceneSize.width, sceneSize.height, 11);
}

/** Transparency of `alpha.heic`: clear at the left, opaque at the right. */
export function alphaOf(width: number, height: number): Uint8Array {
  return Uint8Array.from({ length: width * height }, (_, index) =>
    Math.round(((index % width) * 255) / (width - 1)),
  );
}

/** Pictures of 64 x 64 pixels of one colour, 8 and 10 bits deep. */
export const flatPictures = [
  flatPicture(8, 12, 13),
  flatPicture(10, 12, 13),
  flatPicture(10, 9, 16),
  flatPicture(10, 9, 18),
  flatPicture(10, 1, 8),
];

function flatPicture(depth: 8 | 10, primaries: number, transfer: number) {
  const colour = [...encodedColours, linearColour].find(
    (one) => one.primaries === primaries && one.transfer === transfer,
  ) as EncodedColour;
  return { ...colour, depth, file: `flat-${primaries}-${transfer}-${depth}` };
}
