import { clockStart, type HistoryEntry, isAskedAgain, type Target } from '@spillway/core/job.ts';
import { type SpanName, spanAttributes } from '@spillway/core/spans.ts';
import type { JobDetail, SpanView } from '@spillway/web/api/admin-schema.ts';
import type { JobView } from '@spillway/web/api/schema.ts';
import { isRouted } from '../jobs/job-order.ts';

/** When the clock of this run started: the upload, or the person who asked for it again. Milliseconds since 1970. */
export function runStart(job: JobView): number {
  return clockStart(job).getTime();
}

/**
 * What the job's document knows, in the form of spans: a smaller waterfall, for where nobody recorded any. Every decision,
 * claim and attempt of its history is there; the steps of an attempt are those of the one that succeeded.
 */
export function spansOfDocument(job: JobDetail): SpanView[] {
  const spans = createSpans(job.run);
  const start = runStart(job);
  if (isAskedAgain(job)) spans.add('retry', start, start);
  else {
    spans.add('upload', start, start);
    spans.add('event', start, job.createdAt.getTime());
  }
  if (job.history.length === 0) addLatest(job, spans);
  else addHistory(job, spans);
  if (job.endedAt) {
    const at = job.endedAt.getTime();
    spans.add('record', at, at, { error: job.error?.message ?? null });
  }
  if (job.eventPublishedAt)
    spans.add('announce', job.eventPublishedAt.getTime(), job.eventPublishedAt.getTime());
  // What begins at the same time stays in its order.
  return spans.all.sort((a, b) => a.startMs - b.startMs);
}

interface Spans {
  all: SpanView[];
  /** Returns the span's id. */
  add(name: SpanName, startMs: number, endMs: number, more?: Partial<SpanView>): string;
}

function createSpans(run: number): Spans {
  const all: SpanView[] = [];
  return {
    all,
    add(name, startMs, endMs, more = {}) {
      const id = `${name}-${all.length}`;
      const rest = { service: null, instance: null, error: null, attributes: {}, events: [] };
      all.push({ id, parent: null, name, run, startMs, endMs, ...rest, ...more });
      return id;
    },
  };
}

/** Of a document of an earlier version: the last route and the last attempt. */
function addLatest(job: JobDetail, spans: Spans): void {
  const { route, publishedAt, timings, attempt } = job;
  if (isRouted(job)) spans.add('route', route.at.getTime(), route.at.getTime());
  if (publishedAt) spans.add('publish', publishedAt.getTime(), publishedAt.getTime());
  if (!timings) return;
  const start = runStart(job);
  addAttempt(job, spans, { target: route.target, attempt, worker: null, error: null }, [
    start + timings.waitMs,
    start + timings.totalMs,
  ]);
}

function addHistory(job: JobDetail, spans: Spans): void {
  let target = job.route.target;
  let claim: Extract<HistoryEntry, { kind: 'claimed' }> | null = null;
  const close = (endMs: number, error: string | null) => {
    if (claim) {
      const { worker, attempt, at } = claim;
      addAttempt(job, spans, { target, attempt, worker, error }, [at.getTime(), endMs]);
    }
    claim = null;
  };
  for (const entry of job.history) {
    const at = entry.at.getTime();
    switch (entry.kind) {
      case 'decided':
        close(at, 'The claim expired.');
        spans.add(
          entry.epoch === 0 ? 'route' : 'move',
          entry.epoch === 0 ? job.createdAt.getTime() : at,
          at,
          {
            attributes: { [spanAttributes.target]: entry.target, [spanAttributes.reason]: entry.reason },
          },
        );
        target = entry.target;
        break;
      case 'published':
        spans.add('publish', at, at);
        break;
      case 'claimed':
        close(at, 'The claim expired.');
        claim = entry;
        break;
      case 'given_back':
        close(at, entry.code ?? (entry.why === 'failed' ? 'It failed.' : null));
        break;
      case 'ended':
        close(at, entry.code);
        break;
      case 'left_out':
        claim = null;
        break;
      default:
        entry satisfies never;
    }
  }
  // What is open lasts until now, which the axis knows.
  const last = claim as Extract<HistoryEntry, { kind: 'claimed' }> | null;
  if (last) close(Math.max(last.at.getTime(), Date.now()), null);
}

interface Attempt {
  target: Target;
  attempt: number;
  worker: string | null;
  error: string | null;
}

/** The attempt that succeeded has steps; the wait for a slot is part of `process`, as it is where spans are recorded. */
function addAttempt(
  { timings, state }: JobDetail,
  spans: Spans,
  { target, attempt, worker, error }: Attempt,
  [from, to]: [number, number],
): void {
  const parent = spans.add('deliver', from, to, {
    error,
    attributes: {
      [spanAttributes.target]: target,
      [spanAttributes.attempt]: String(attempt),
      ...(worker === null ? {} : { [spanAttributes.worker]: worker }),
    },
  });
  if (error !== null || state !== 'succeeded' || !timings) return;
  const steps = [
    ['download', timings.downloadMs],
    ['process', timings.slotWaitMs + timings.processMs],
    ['store', timings.storeMs],
  ] as const;
  const took = steps.reduce((sum, [, ms]) => sum + ms, 0);
  // An earlier attempt that was given back without an error is not the one that was timed.
  if (from + took > to + 1_000) return;
  let at = from;
  for (const [name, ms] of steps) {
    spans.add(name, at, at + ms, { parent });
    at += ms;
  }
}
