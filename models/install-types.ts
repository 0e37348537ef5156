export interface FetchProgress {
  /** `waiting`: another process installs the same model, and this is its progress. */
  stage: 'waiting' | 'downloading' | 'quantising';
  /** Bytes of all files of the model. While quantising: thousandths of that work. */
  done: number;
  /** Null if the source has not told it yet. */
  total: number | null;
}

/** Turns a checkpoint's folder into another with weights of 8-bit integers. Progress is 0 to 1. */
export type QuantiseCheckpoint = (
  sourceFolder: string,
  targetFolder: string,
  onProgress: (share: number) => void,
) => Promise<void>;

export interface FetchOptions {
  /** The model folder. */
  folder: string;
  /** `public`, `gs://bucket/prefix`, a directory, or `none` if nothing may be fetched. */
  source: string;
  /** Needed for models that are quantised at their installation. */
  quantise: QuantiseCheckpoint;
  onProgress?: (progress: FetchProgress) => void;
  signal?: AbortSignal;
  /** Milliseconds without another try after a failure of any process on this machine. Default: 0. */
  notAgainForMs?: number;
  /** Back-off: milliseconds between attempts that bring no bytes. */
  pauses?: readonly number[];
  /** Milliseconds without a byte after which another connection is opened. */
  stallMs?: number;
}
