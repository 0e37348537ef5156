import type { OperationName } from '@spillway/core/operations.ts';
import type { JobView } from '@spillway/web/api/schema.ts';
import { useEffect, useState } from 'preact/hooks';
import type { Batch, Picture, PictureResult } from '../batches/batch.ts';
import { runForBatch } from '../batches/batch-actions.ts';
import { changedOptions, type OptionValues } from '../options/chosen-options.ts';
import { runAgain } from './run-again.ts';

/** Starting jobs on pictures that are there. */
export interface Runs {
  busy: boolean;
  /** False until the picture has become a job, whose source another one can have. */
  canRun: boolean;
  /** What came of the last start, in a sentence; null before the first. */
  news: { kind: 'started' | 'problem'; words: string } | null;
  start(operation: OperationName, values: OptionValues): Promise<void>;
  startForBatch(operation: OperationName, values: OptionValues): Promise<void>;
}

interface RunsOf {
  batch: Batch;
  picture: Picture;
  /** Tells the page of jobs before their events come. */
  onStarted(jobs: readonly JobView[]): void;
  /** Shows a result that was asked for here, once the picture has it. */
  onArrived(result: PictureResult): void;
}

export function useRuns({ batch, picture, onStarted, onArrived }: RunsOf): Runs {
  const [busy, setBusy] = useState(false);
  const [news, setNews] = useState<Runs['news']>(null);
  const [awaited, setAwaited] = useState<string | null>(null);
  const from = picture.results.find(({ job }) => job !== null)?.job?.id ?? null;

  const arrived = picture.results.find(({ runs }) => runs.some(({ id }) => id === awaited)) ?? null;
  useEffect(() => {
    if (arrived === null) return;
    setAwaited(null);
    onArrived(arrived);
  }, [arrived?.key]);
  useEffect(() => {
    setNews(null);
    setAwaited(null);
  }, [picture.key]);

  return {
    busy,
    canRun: from !== null,
    news,
    async start(operation, values) {
      if (from === null) return;
      setBusy(true);
      const reply = await runAgain(from, operation, changedOptions(operation, values));
      setBusy(false);
      if (!reply.ok) return setNews({ kind: 'problem', words: reply.failure.message });
      setNews({ kind: 'started', words: 'Started. It is shown here as soon as it is done.' });
      onStarted([reply.value]);
      setAwaited(reply.value.id);
    },
    async startForBatch(operation, values) {
      if (batch.id === null) return;
      setBusy(true);
      const reply = await runForBatch(batch.id, operation, changedOptions(operation, values));
      setBusy(false);
      if (!reply.ok) return setNews({ kind: 'problem', words: reply.failure.message });
      onStarted([]);
      setNews({ kind: 'started', words: 'Started for the whole batch.' });
    },
  };
}
