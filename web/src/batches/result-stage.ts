import type { JobError, JobProgress, JobState } from '@spillway/core/job.ts';
import type { JobView } from '@spillway/web/api/schema.ts';
import type { FileUpload } from '../uploads/file-upload.ts';

/** How far a result is, as a person follows it. */
export type ResultStage =
  | { kind: 'uploading'; share: number; interrupted: boolean }
  /**
   * `upload`: its bytes have not left. `held`: the server takes no more uploads for a moment. `arrival`: the bytes are in,
   * and the job has not been heard of. `turn`: the job is in line.
   */
  | { kind: 'waiting'; what: 'turn' | 'upload' | 'held' | 'arrival' }
  /** `download` is set while the job waits for its model. */
  | { kind: 'processing'; download: JobProgress | null }
  | { kind: 'done' }
  | { kind: 'upload-failed'; message: string; retryable: boolean }
  | { kind: 'failed'; error: JobError; retryable: boolean }
  /** Ended without a result and without a failure. */
  | { kind: 'stopped'; state: Extract<JobState, 'cancelled' | 'superseded'> };

export function stageOf(upload: FileUpload | null, job: JobView | null): ResultStage {
  return job ? stageOfJob(job) : stageOfUpload(upload);
}

/** Whether nothing more happens by itself. */
export function hasEnded({ kind }: ResultStage): boolean {
  switch (kind) {
    case 'uploading':
    case 'waiting':
    case 'processing':
      return false;
    case 'done':
    case 'upload-failed':
    case 'failed':
    case 'stopped':
      return true;
    default:
      return kind satisfies never;
  }
}

/** Whether it ended in a way that a person has to hear of. */
export function hasFailed({ kind }: ResultStage): boolean {
  return kind === 'failed' || kind === 'upload-failed';
}

function stageOfJob(job: JobView): ResultStage {
  switch (job.state) {
    case 'queued':
      return { kind: 'waiting', what: 'turn' };
    case 'processing':
      return { kind: 'processing', download: job.progress };
    case 'succeeded':
      return { kind: 'done' };
    case 'cancelled':
    case 'superseded':
      return { kind: 'stopped', state: job.state };
    case 'failed':
      return failedStage(job.error);
    default:
      return job.state satisfies never;
  }
}

const unexplained: JobError = { code: 'internal', message: 'It failed.', retryable: true };

function failedStage(error: JobError | null): ResultStage {
  const known = error ?? unexplained;
  // A model may have been installed since then.
  return { kind: 'failed', error: known, retryable: known.retryable || known.code === 'model_missing' };
}

function stageOfUpload(upload: FileUpload | null): ResultStage {
  const phase = upload?.phase.value;
  switch (phase?.kind) {
    case undefined:
    case 'sent':
      return { kind: 'waiting', what: 'arrival' };
    case 'waiting':
      return { kind: 'waiting', what: phase.held ? 'held' : 'upload' };
    case 'sending': {
      const size = upload?.file.size ?? 0;
      return { kind: 'uploading', share: size === 0 ? 0 : phase.sent / size, interrupted: phase.interrupted };
    }
    case 'refused':
      return { kind: 'upload-failed', message: phase.message, retryable: false };
    case 'failed':
      return { kind: 'upload-failed', message: phase.message, retryable: true };
    case 'cancelled':
      return { kind: 'upload-failed', message: 'The upload was cancelled.', retryable: true };
    default:
      return phase satisfies never;
  }
}
