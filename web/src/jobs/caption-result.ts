import { type CaptionResult, captionResultSchema } from '@spillway/core/caption-result.ts';
import { useEffect, useState } from 'preact/hooks';
import { requestJson } from '../http/request.ts';

export type LoadedCaption =
  | { kind: 'loading' }
  | { kind: 'loaded'; result: CaptionResult }
  | { kind: 'failed'; message: string };

/** A result never changes: what the card has shown, the large view shows at once. */
const known = new Map<string, CaptionResult>();

/** What a caption's job has written. */
export function useCaption(jobId: string): LoadedCaption {
  const [loaded, setLoaded] = useState<LoadedCaption>(() => {
    const result = known.get(jobId);
    return result ? { kind: 'loaded', result } : { kind: 'loading' };
  });
  useEffect(() => {
    if (known.has(jobId)) return;
    const controller = new AbortController();
    const { signal } = controller;
    requestJson(`/jobs/${encodeURIComponent(jobId)}/result`, captionResultSchema, { signal }).then(
      (reply) => {
        if (reply.ok) known.set(jobId, reply.value);
        setLoaded(
          reply.ok
            ? { kind: 'loaded', result: reply.value }
            : { kind: 'failed', message: reply.failure.message },
        );
      },
      (problem) => {
        if (!signal.aborted) throw problem;
      },
    );
    return () => controller.abort();
  }, [jobId]);
  return loaded;
}
