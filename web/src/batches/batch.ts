import type { JobView } from '@spillway/web/api/schema.ts';
import type { FileUpload } from '../uploads/file-upload.ts';
import type { ResultStage } from './result-stage.ts';

/** Pictures that were dropped or chosen together. */
export interface Batch {
  /** Identifies it on this page. */
  readonly key: string;
  /** The server's id; null for pictures that came without a batch. */
  readonly id: string | null;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly addedAt: number;
  /** How many files the uploader said that it has; more than `pictures` while some have not been loaded. */
  readonly files: number;
  /** In the order of the drop. */
  readonly pictures: readonly Picture[];
}

/** One file of a batch, and what is made of it. */
export interface Picture {
  /** Identifies it on this page, from the pick to the last result. */
  readonly key: string;
  /** Identifies it after a reload as well: its upload or its object. Null until the server knows it. */
  readonly id: string | null;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Its place in the drop, from 0. */
  readonly index: number;
  /** The file on this page; null if it was uploaded earlier or elsewhere. */
  readonly upload: FileUpload | null;
  /** In the registry's order of operations; of one operation, the newest options first. */
  readonly results: readonly PictureResult[];
}

/** What one operation with one set of options makes of a picture. */
export interface PictureResult {
  /** Identifies it on this page: the picture's key, a colon and its own id. */
  readonly key: string;
  /** Identifies it within its picture, after a reload as well. */
  readonly id: string;
  readonly operation: string;
  /** The newest run; null until the upload has become a job. */
  readonly job: JobView | null;
  /** Every run, the newest first, for deleting them together. */
  readonly runs: readonly JobView[];
  readonly stage: ResultStage;
  readonly options: Readonly<Record<string, unknown>>;
}
