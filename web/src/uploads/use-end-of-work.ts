import { effect, type ReadonlySignal } from '@preact/signals';
import { formatShare } from '@spillway/core/amounts.ts';
import { useEffect } from 'preact/hooks';
import type { Batch } from '../batches/batch.ts';
import { type BatchProgress, progressOf } from '../batches/batch-progress.ts';
import { progressWords } from '../batches/batch-words.ts';
import { hasEnded } from '../batches/result-stage.ts';
import type { EndNotice } from './notify-end.ts';

/** Says in the page's title how far the work is, and by a notification that it has ended. */
export function useEndOfWork(batches: ReadonlySignal<readonly Batch[]>, notice: EndNotice): void {
  useEffect(() => {
    const title = document.title;
    /** Batches that were at work since the last end. */
    const atWork = new Set<string>();
    const stop = effect(() => {
      const running = batches.value.filter(isRunning);
      for (const { key } of running) atWork.add(key);
      if (running.length > 0) {
        document.title = `${formatShare(progressOf(running).share)} · ${title}`;
        return;
      }
      if (atWork.size === 0) return;
      const words = endWords(progressOf(batches.value.filter(({ key }) => atWork.has(key))));
      atWork.clear();
      document.title = document.visibilityState === 'visible' ? title : `${words} · ${title}`;
      notice.tell('Spillway', words);
    });
    const seen = () => {
      if (document.visibilityState === 'visible' && atWork.size === 0) document.title = title;
    };
    document.addEventListener('visibilitychange', seen);
    return () => {
      stop();
      document.removeEventListener('visibilitychange', seen);
      document.title = title;
    };
  }, [batches, notice]);
}

function endWords(progress: BatchProgress): string {
  return progressWords(progress, null);
}

function isRunning({ pictures }: Batch): boolean {
  return pictures.some(({ results }) => results.some(({ stage }) => !hasEnded(stage)));
}
