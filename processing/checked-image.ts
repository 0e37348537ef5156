import type { PictureType } from '@spillway/core/picture-types.ts';
/** A file that passed the gate. */
export interface CheckedImage {
  /** Of the file that is decoded: the one that was checked, or a copy that a decoder understands. */
  path: string;
  type: PictureType;
  /** Pixels of the first frame as a person sees it, EXIF orientation applied. */
  width: number;
  height: number;
  /** The limit it was checked against; the decoder is told the same. */
  maxPixels: number;
  /** Its decoder gives it at a part of its size, for a part of the time and memory. */
  shrinkable: boolean;
  /** What the decoder gives up at, in sharp's terms. */
  failOn: 'none' | 'error' | 'warning';
  /** Share of it that the file ends before, 0..1, where the gate has let that pass. */
  missing: number;
}

/** How a picture comes out of its decoder. */
export interface Decoded {
  /** 3, or 4 where it has transparency of its own. */
  channels: 3 | 4;
  /** It can be decoded at a part of its size, where that is enough. */
  shrinkable: boolean;
}
