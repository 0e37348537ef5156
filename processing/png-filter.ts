import { viewOf } from './samples.ts';

/** The upper bit of each of the four bytes of a word. */
const upperBits = 0x80808080 | 0;

/**
 * PNG's filter 'Sub': every sample less that of the pixel to its left, modulo 256.
 * @param line One pixel of zeros, then the samples of a row.
 * @param target Gets the differences, from `start` on.
 */
export function subtractLeft(line: Uint8Array, channels: number, target: Uint8Array, start: number): void {
  const samples = line.length - channels;
  const inWords = samples - (samples % 4);
  subtractWords(viewOf(line), channels, inWords, viewOf(target), start);
  for (let at = inWords; at < samples; at++) {
    target[start + at] = (line[at + channels] as number) - (line[at] as number);
  }
}

/** Four samples at a time. The subtraction leaves out each byte's upper bit, so that no byte borrows from the next. */
function subtractWords(line: DataView, channels: number, to: number, target: DataView, start: number): void {
  for (let at = 0; at < to; at += 4) {
    const left = line.getInt32(at, true);
    const here = line.getInt32(at + channels, true);
    const lower = ((here | upperBits) - (left & ~upperBits)) | 0;
    target.setInt32(start + at, lower ^ ((here ^ ~left) & upperBits), true);
  }
}
