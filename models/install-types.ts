export interface FetchProgress {
  /** `waiting`: another process installs the same model, and these are its figures. */
  stage: 'waiting' | 'downloading' | 'quantising';
  /** Bytes of all files of the model; while quantising, thousandths of that work. */
  done: number;
  /** Null where the source has not said yet. */
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
  /** `public`, `gs://bucket/prefix`, a directory, or `none` where nothing may be fetched. */
  source: string;
  /** Needed for the models that are quantised when they are installed. */
  quantise: QuantiseCheckpoint;
  onProgress?: (progress: FetchProgress) => void;
  signal?: AbortSignal;
  /** Milliseconds for which a failure, anybody's on this machine, is not followed by another try. Default: 0. */
  notAgainForMs?: number;
  /** Milliseconds between attempts that bring nothing. */
  pauses?: readonly number[];
  /** Milliseconds without a byte after which a connection is given up for another. */
  stallMs?: number;
}
