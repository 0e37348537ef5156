import type { JobProgress } from '@spillway/core/job.ts';
import type { JobView } from '@spillway/web/api/schema.ts';
import type { FileUpload } from '../uploads/file-upload.ts';
import { cardKeyOf } from './job-origin.ts';

/** One picture and one operation: the content of a card from the pick to the result, including retries. */
export interface GalleryEntry {
  readonly key: string;
  readonly operation: string;
  /** The file on this page; null if it was uploaded earlier or elsewhere. */
  readonly upload: FileUpload | null;
  /** The newest run; null until the upload has become a job. */
  readonly job: JobView | null;
  /** Every run, for deleting them together. */
  readonly runs: readonly JobView[];
  readonly addedAt: number;
}

/**
 * Joins uploads and jobs. A file has one entry for each operation. Jobs are matched by the upload's id, so the card
 * that showed the progress then shows the result.
 */
export function galleryEntries(
  uploads: readonly FileUpload[],
  jobs: Iterable<JobView>,
  /** Keys of cards that have had a job. If such a card has no job now, the job was deleted. */
  knownCards: ReadonlySet<string> = new Set(),
): GalleryEntry[] {
  const runsByCard = Map.groupBy(jobs, cardKeyOf);
  const local = uploads.flatMap((upload, index) =>
    upload.plan.operations.flatMap((operation, rank): GalleryEntry[] => {
      const uploadId = upload.uploadId.value;
      const card = uploadId === null ? null : `${uploadId}:${operation}`;
      const runs = card === null ? [] : (runsByCard.get(card) ?? []);
      if (card !== null && runs.length === 0 && knownCards.has(card)) return [];
      if (card !== null) runsByCard.delete(card);
      const key = `${upload.key}:${operation}`;
      // Files of one drop keep their order: later ones count as a little older.
      const addedAt = upload.addedAt - (index + rank / 10) / 1_000;
      return [{ key, operation, upload, job: newestRun(runs), runs, addedAt }];
    }),
  );
  const earlier = [...runsByCard].map(([key, runs]): GalleryEntry => {
    const job = newestRun(runs);
    const addedAt = job?.source.timeCreated.getTime() ?? 0;
    return { key, operation: job?.operation ?? '', upload: null, job, runs, addedAt };
  });
  return [...local, ...earlier].sort((a, b) => b.addedAt - a.addedAt || (a.key < b.key ? -1 : 1));
}

function newestRun(runs: readonly JobView[]): JobView | null {
  return runs.reduce<JobView | null>((newest, job) => (newest && newest.run >= job.run ? newest : job), null);
}

export type CardStage =
  | { kind: 'uploading'; share: number; interrupted: boolean }
  | { kind: 'waiting'; what: 'turn' | 'upload' | 'held' | 'arrival' }
  /** `download` is set while the job waits for its model. */
  | { kind: 'processing'; download: JobProgress | null }
  | { kind: 'done' }
  | { kind: 'upload-failed'; message: string; retryable: boolean }
  | { kind: 'ended' };

/** The stage of an entry, in words that a person follows. */
export function stageOf(entry: GalleryEntry): CardStage {
  const { job, upload } = entry;
  if (job) {
    if (job.state === 'queued') return { kind: 'waiting', what: 'turn' };
    if (job.state === 'processing') return { kind: 'processing', download: job.progress };
    return job.state === 'succeeded' ? { kind: 'done' } : { kind: 'ended' };
  }
  const phase = upload?.phase.value;
  if (!upload || !phase || phase.kind === 'sent') return { kind: 'waiting', what: 'arrival' };
  if (phase.kind === 'waiting') return { kind: 'waiting', what: phase.held ? 'held' : 'upload' };
  if (phase.kind === 'refused') return { kind: 'upload-failed', message: phase.message, retryable: false };
  if (phase.kind === 'failed') return { kind: 'upload-failed', message: phase.message, retryable: true };
  if (phase.kind === 'cancelled') {
    return { kind: 'upload-failed', message: 'The upload was cancelled.', retryable: true };
  }
  const share = upload.file.size === 0 ? 0 : phase.sent / upload.file.size;
  return { kind: 'uploading', share, interrupted: phase.interrupted };
}
