import type { Job } from '@spillway/core/job.ts';
import { jobId } from '@spillway/core/job-id.ts';
import type { SpanView } from '../api/admin-schema.ts';
import type { RecordedSpan } from './otlp-json.ts';

/** More runs of a job than these are not looked for. */
const mostRuns = 50;

/** The run of the job that a span belongs to, if not to another job or to none. */
type RunOfSpan = number | 'another' | 'none';

/** The ids of all runs of a job. An id follows from what is asked for and the run, so later runs are known too. */
export function runsOf({ source, operation, options, run }: Job): Map<string, number> {
  const { bucket, name, generation } = source;
  const numbers = Array.from({ length: Math.max(mostRuns, run) }, (_, index) => index + 1);
  return new Map(
    numbers.map((number) => [jobId({ bucket, name, generation, operation, options, run: number }), number]),
  );
}

/**
 * What belongs to the job's runs. A trace has more: one upload may ask for several operations, and a sender may trace
 * many uploads together. A span is the job's that it names, or that the closest span above it names. What names none has
 * happened to all jobs of an upload: it is here if it led to a span of the job, or is beside one that did.
 * @param uploadedAt Milliseconds since 1970. Where the span above is the sender's own, an event is told from those of
 *   the sender's other uploads by its beginning, which is this.
 */
export function spansOfJob(
  spans: readonly RecordedSpan[],
  runs: ReadonlyMap<string, number>,
  uploadedAt: number,
): SpanView[] {
  const byId = new Map(spans.map((span) => [span.id, span]));
  const above = (span: RecordedSpan) => (span.parent === null ? undefined : byId.get(span.parent));

  /** Every span is asked once: a trace may be one chain of thousands. */
  const runsFound = new Map<RecordedSpan, RunOfSpan>();
  const runOf = (span: RecordedSpan): RunOfSpan => {
    const passed: RecordedSpan[] = [];
    let found: RunOfSpan = 'none';
    for (const each of upwards(span, above)) {
      const known =
        runsFound.get(each) ?? (each.job === null ? undefined : (runs.get(each.job) ?? 'another'));
      passed.push(each);
      if (known !== undefined) {
        found = known;
        break;
      }
    }
    for (const each of passed) runsFound.set(each, found);
    return found;
  };

  const kept = new Map<string, { span: RecordedSpan; run: number }>();
  const ofSender = new Set<string>();
  const walked = new Set<RecordedSpan>();
  for (const span of spans) {
    if (typeof runOf(span) !== 'number') continue;
    for (const each of upwards(span, above)) {
      // What is above it was looked at together with it.
      if (walked.has(each)) break;
      walked.add(each);
      const run = runOf(each);
      if (run !== 'another') kept.set(each.id, { span: each, run: run === 'none' ? 1 : run });
      if (each.parent !== null && !byId.has(each.parent)) ofSender.add(each.parent);
    }
  }
  const isOfUpload = ({ parent, startMs }: RecordedSpan) =>
    parent !== null && (kept.has(parent) || (ofSender.has(parent) && Math.abs(startMs - uploadedAt) < 1));
  for (const span of spans) {
    if (!kept.has(span.id) && runOf(span) === 'none' && isOfUpload(span)) kept.set(span.id, { span, run: 1 });
  }
  const views = [...kept.values()].map(({ span: { traceId: _trace, job: _job, ...span }, run }) => {
    const parent = span.parent !== null && kept.has(span.parent) ? span.parent : null;
    return { ...span, run, parent };
  });
  return views.sort((a, b) => a.startMs - b.startMs || b.endMs - a.endMs);
}

/** The span and those above it. A file that says that a span is above itself ends the walk. */
function* upwards(
  span: RecordedSpan,
  above: (span: RecordedSpan) => RecordedSpan | undefined,
): Generator<RecordedSpan> {
  const seen = new Set<string>();
  for (let each: RecordedSpan | undefined = span; each && !seen.has(each.id); each = above(each)) {
    seen.add(each.id);
    yield each;
  }
}
