import { clockStart } from '@spillway/core/job.ts';
import { type SpanName, spanAttributes } from '@spillway/core/spans.ts';
import type { JobView, SpanView } from '@spillway/web/api/schema.ts';
import { isRouted } from '../jobs/job-order.ts';

/** When the clock of this run started: the upload, or the person who asked for it again. Milliseconds since 1970. */
export function runStart(job: JobView): number {
  return clockStart(job).getTime();
}

/**
 * What the job's document knows, in the form of spans: a smaller waterfall, for where nobody recorded any. It has the
 * last attempt alone, and the last route.
 */
export function spansOfDocument(job: JobView): SpanView[] {
  const { route, timings, run, publishedAt, endedAt, eventPublishedAt } = job;
  const start = runStart(job);
  const known: SpanView[] = [];
  const add = (name: SpanName, startMs: number, endMs: number, more: Partial<SpanView> = {}) => {
    const id = `${name}-${known.length}`;
    const rest = { service: null, instance: null, error: null, attributes: {}, events: [] };
    known.push({ id, parent: null, name, run, startMs, endMs, ...rest, ...more });
    return id;
  };
  const at = (name: SpanName, moment: Date | null) => {
    if (moment) add(name, moment.getTime(), moment.getTime());
  };

  at(job.retryOf === null ? 'upload' : 'retry', new Date(start));
  if (isRouted(job)) at('route', route.at);
  at('publish', publishedAt);
  if (timings) {
    const claimedAt = start + timings.waitMs;
    const parent = add('deliver', claimedAt, start + timings.totalMs, {
      attributes: {
        [spanAttributes.target]: route.target,
        [spanAttributes.attempt]: String(job.attempt),
      },
    });
    // The wait for a slot is part of `process`, as it is where spans were recorded.
    const steps = [
      ['download', timings.downloadMs],
      ['process', timings.slotWaitMs + timings.processMs],
      ['store', timings.storeMs],
    ] as const;
    let from = claimedAt;
    for (const [name, ms] of steps) {
      add(name, from, from + ms, { parent });
      from += ms;
    }
  }
  if (job.error && endedAt) add('record', endedAt.getTime(), endedAt.getTime(), { error: job.error.message });
  else at('record', endedAt);
  at('announce', eventPublishedAt);
  return known.sort((a, b) => a.startMs - b.startMs || b.endMs - a.endMs);
}
