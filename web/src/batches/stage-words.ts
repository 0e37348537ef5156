import { formatShare } from '@spillway/core/amounts.ts';
import { formatDuration } from '../format/duration.ts';
import { activityOf, downloadWords, endedWords } from '../jobs/words.ts';
import type { PictureResult } from './batch.ts';
import { visitorFailure } from './visitor-words.ts';

/** How far a result is, in one sentence. */
export function stageWords({ stage, operation, job }: PictureResult): string {
  switch (stage.kind) {
    case 'uploading':
      return stage.interrupted
        ? `Connection lost at ${formatShare(stage.share)}. Trying again …`
        : `Uploading ${formatShare(stage.share)}`;
    case 'waiting':
      if (stage.what === 'upload') return 'Upload starts soon';
      if (stage.what === 'held') return 'Many uploads at once: goes on by itself shortly';
      if (stage.what === 'arrival') return 'Uploaded. Waiting for its turn';
      return job?.class === 'bulk' ? 'Part of a large batch: waits without hurry' : 'Waiting for its turn';
    case 'processing':
      return stage.download ? downloadWords(stage.download.share) : `${activityOf(operation)} …`;
    case 'done':
      return job?.timings ? `Done in ${formatDuration(job.timings.totalMs)}` : 'Done';
    case 'upload-failed':
      return stage.message;
    case 'failed':
      return visitorFailure(stage.error).summary;
    case 'stopped':
      return endedWords(stage.state) ?? 'It was stopped.';
    default:
      return stage satisfies never;
  }
}

/** The share of the current stage that is done, 0..1; null if it is not known. */
export function stageShare({ stage }: PictureResult): number | null {
  if (stage.kind === 'uploading') return stage.share;
  if (stage.kind === 'processing') return stage.download?.share ?? null;
  return stage.kind === 'waiting' && (stage.what === 'upload' || stage.what === 'held') ? 0 : null;
}
