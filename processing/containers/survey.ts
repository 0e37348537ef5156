/** What a file says of itself, read from its structure alone: no decoder has seen it yet. */
export interface Survey {
  /** Pixels as they are stored. */
  width: number;
  height: number;
  /** Frames of an animation; 1 for a still picture. */
  frames: number;
  /** Bits of a sample. */
  depth: number;
  /** Samples a pixel, transparency included. */
  channels: number;
  /** Times that the decoder goes over the picture. */
  passes: number;
  /** The decoder holds the whole picture, where it else goes through it row by row. */
  whole: boolean;
  /**
   * Share of the picture's data that the file ends before, 0..1, as far as the structure tells: for a JPEG and a PNG
   * only a decoder does.
   */
  missing: number;
}

/** The structure breaks off before it says what the picture is. */
export class BrokenStructure extends Error {
  override readonly name = 'BrokenStructure';
}

/** The format is one that no decoder of ours reads. The message completes "The file is …". */
export class ForeignKind extends Error {
  override readonly name = 'ForeignKind';
}
