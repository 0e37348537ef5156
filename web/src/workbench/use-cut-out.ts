import type { JobView } from '@spillway/web/api/schema.ts';
import { useEffect, useState } from 'preact/hooks';
import type { Picture } from '../batches/batch.ts';
import type { CutOutSource } from './cut-out-preview.ts';
import { loadCutOut } from './load-cut-out.ts';

export type LoadedCutOut =
  | { kind: 'loading' }
  | { kind: 'ready'; source: CutOutSource }
  /** There is no mask, or the browser cannot read the picture. */
  | { kind: 'unavailable' };

/** What previews of a job are drawn from, loaded once it is wanted. */
export function useCutOut(picture: Picture, job: JobView | null, isWanted: boolean): LoadedCutOut {
  const [loaded, setLoaded] = useState<{ id: string; source: CutOutSource | null } | null>(null);
  const id = job?.id ?? null;
  useEffect(() => {
    if (!job || !isWanted || loaded?.id === job.id) return;
    const leaving = new AbortController();
    loadCutOut(picture, job, leaving.signal).then(
      (source) => {
        if (!leaving.signal.aborted) setLoaded({ id: job.id, source });
      },
      (problem: unknown) => {
        if (!leaving.signal.aborted) throw problem;
      },
    );
    return () => leaving.abort();
  }, [id, isWanted]);
  if (loaded?.id !== id || loaded === null) return { kind: 'loading' };
  return loaded.source ? { kind: 'ready', source: loaded.source } : { kind: 'unavailable' };
}
