import type { Batch, Picture } from './batch.ts';
import { hasEnded, hasFailed, type ResultStage } from './result-stage.ts';

/** How far a batch is. */
export interface BatchProgress {
  pictures: number;
  /** Pictures of which nothing is awaited any more. */
  ended: number;
  /** Results by how they ended; `open` have not. */
  done: number;
  failed: number;
  stopped: number;
  open: number;
  /** 0..1. A result counts half for its upload and half for its making. */
  share: number;
}

export function progressOf(batches: readonly Pick<Batch, 'pictures'>[]): BatchProgress {
  const progress = { pictures: 0, ended: 0, done: 0, failed: 0, stopped: 0, open: 0, share: 0 };
  for (const { pictures } of batches) {
    for (const picture of pictures) {
      progress.pictures += 1;
      if (isEnded(picture)) progress.ended += 1;
      for (const { stage } of picture.results) {
        progress.share += shareOf(stage);
        if (stage.kind === 'done') progress.done += 1;
        else if (hasFailed(stage)) progress.failed += 1;
        else if (stage.kind === 'stopped') progress.stopped += 1;
        else progress.open += 1;
      }
    }
  }
  const results = progress.done + progress.failed + progress.stopped + progress.open;
  return { ...progress, share: results === 0 ? 0 : progress.share / results };
}

function isEnded({ results }: Picture): boolean {
  return results.every(({ stage }) => hasEnded(stage));
}

function shareOf(stage: ResultStage): number {
  switch (stage.kind) {
    case 'uploading':
      return stage.share / 2;
    case 'waiting':
      return stage.what === 'arrival' || stage.what === 'turn' ? 0.5 : 0;
    case 'processing':
      return 0.6;
    case 'done':
    case 'failed':
    case 'upload-failed':
    case 'stopped':
      return 1;
    default:
      return stage satisfies never;
  }
}
