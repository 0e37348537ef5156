import type { PictureType } from '@spillway/core/picture-types.ts';
/** A file that passed the gate. */
export interface CheckedImage {
  /** Path of the file to decode: the checked file, or a copy of it that a decoder understands. */
  path: string;
  type: PictureType;
  /** Pixels of the first frame as a person sees it, EXIF orientation applied. */
  width: number;
  height: number;
  /** The limit of the check. The decoder gets the same limit. */
  maxPixels: number;
  /** Its decoder can make it smaller, in less time and memory. */
  shrinkable: boolean;
  /** What the decoder gives up at, in sharp's terms. */
  failOn: 'none' | 'error' | 'warning';
  /** Share of the picture that is missing at the end of the file, 0..1, if the gate tolerates that. */
  missing: number;
}

/** The form in which a decoder returns a picture. */
export interface Decoded {
  /** 3, or 4 where it has transparency of its own. */
  channels: 3 | 4;
  /** It can be decoded at a fraction of its size. */
  shrinkable: boolean;
}
