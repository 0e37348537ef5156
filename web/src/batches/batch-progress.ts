import type { Batch, Picture } from './batch.ts';
import { hasEnded, hasFailed, type ResultStage } from './result-stage.ts';

/** How far a batch is. */
export interface BatchProgress {
  pictures: number;
  /** Pictures of which nothing is awaited any more. */
  ended: number;
  /** Pictures of which something failed, and others of which something was stopped. */
  failed: number;
  stopped: number;
  /** Results that are there, and results that are awaited. */
  done: number;
  open: number;
  /** 0..1. A result counts half for its upload and half for its making. */
  share: number;
}

export function progressOf(batches: readonly Pick<Batch, 'pictures'>[]): BatchProgress {
  const pictures = batches.flatMap((batch) => batch.pictures);
  const stages = pictures.flatMap(({ results }) => results.map(({ stage }) => stage));
  const endings = pictures.map(endingOf);
  const share = stages.reduce((sum, stage) => sum + shareOf(stage), 0);
  return {
    pictures: pictures.length,
    ended: endings.filter((ending) => ending !== 'open').length,
    failed: endings.filter((ending) => ending === 'failed').length,
    stopped: endings.filter((ending) => ending === 'stopped').length,
    done: stages.filter(({ kind }) => kind === 'done').length,
    open: stages.filter((stage) => !hasEnded(stage)).length,
    share: stages.length === 0 ? 0 : share / stages.length,
  };
}

function endingOf({ results }: Picture): 'open' | 'failed' | 'stopped' | 'done' {
  if (results.some(({ stage }) => !hasEnded(stage))) return 'open';
  if (results.some(({ stage }) => hasFailed(stage))) return 'failed';
  return results.some(({ stage }) => stage.kind === 'stopped') ? 'stopped' : 'done';
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
