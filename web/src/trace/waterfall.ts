import { type Target, targetSchema } from '@spillway/core/job.ts';
import { type SpanName, spanAttributes } from '@spillway/core/spans.ts';
import type { SpanView } from '@spillway/web/api/admin-schema.ts';
import type { JobView } from '@spillway/web/api/schema.ts';
import { runStart } from './document-spans.ts';

/** A row: one span. Times are milliseconds from the run's start. */
export interface WaterfallRow {
  span: SpanView;
  /** 0 for a row that is below no other. */
  level: number;
  startMs: number;
  tookMs: number;
  /** Where the work was: a delivery's target, and that of what is below it. */
  target: Target | null;
  /** Where the job was sent; null for a row that sends it nowhere. */
  sentTo: Target | null;
  /** The attempt that begins here; null for other rows. */
  attempt: string | null;
  /** Program and process, where they are not the ones of the row above. */
  who: string[];
  /** Left edge and width of the bar, as shares of the axis. Null where it began before the axis does. */
  bar: { left: number; width: number; isCut: boolean };
}

/** One run of a job, with an axis of its own: a retry may come days after the upload. */
export interface WaterfallRun {
  run: number;
  /** Milliseconds since 1970 from which times count. */
  start: number;
  rows: WaterfallRow[];
  axis: Axis;
  /** Where the deadline is on the axis, 0 to 1; null where it is not on it. */
  deadline: number | null;
}

export interface Axis {
  /** Milliseconds from the run's start. */
  from: number;
  to: number;
  /** Distance of the ticks, in milliseconds. */
  step: number;
}

/** What was before the run's start gets no more of the axis than this share of what came after it. */
const mostBefore = 0.25;
const ticksWanted = 5;

/** @param spans By their beginning. @param now Milliseconds since 1970: what is open lasts until then. */
export function waterfallOf(job: JobView, spans: readonly SpanView[], now: number): WaterfallRun[] {
  const numbers = [...new Set(spans.map(({ run }) => run))].sort((a, b) => a - b);
  return numbers.map((run) => {
    const own = spans.filter((span) => span.run === run);
    const start = startOf(job, run, own);
    const isOpen = run === job.run && job.endedAt === null;
    const deadlineMs = run === job.run ? job.deadlineAt.getTime() - start : null;
    const axis = axisOf(own, start, isOpen ? now : start);
    const length = axis.to - axis.from;
    const deadline = deadlineMs === null ? null : (deadlineMs - axis.from) / length;
    return {
      run,
      start,
      rows: rowsOf(own, start, axis),
      axis,
      deadline: deadline !== null && deadline >= 0 && deadline <= 1 ? deadline : null,
    };
  });
}

/** Of another run the document is not here: it begins with its first span. */
function startOf(job: JobView, run: number, spans: readonly SpanView[]): number {
  if (run === job.run) return runStart(job);
  return run === 1 ? job.source.timeCreated.getTime() : (spans[0]?.startMs ?? 0);
}

function axisOf(spans: readonly SpanView[], start: number, least: number): Axis {
  const last = spans.reduce((latest, { endMs }) => Math.max(latest, endMs), least) - start;
  const first = spans.reduce((earliest, { startMs }) => Math.min(earliest, startMs), start) - start;
  const after = Math.max(1, last);
  const step = roundStep((after - Math.max(first, -after * mostBefore)) / ticksWanted);
  const from = Math.floor(Math.max(first, -after * mostBefore) / step) * step;
  return { from: from === 0 ? 0 : from, to: after, step };
}

/** The next of 1, 2, 5, 10, 20, 50 … milliseconds; of a minute and longer, one that divides minutes or hours. */
function roundStep(ms: number): number {
  const ofClock = [
    60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000, 10_800_000, 21_600_000, 86_400_000,
  ];
  if (ms > 30_000) return ofClock.find((step) => step >= ms) ?? Math.ceil(ms / 86_400_000) * 86_400_000;
  if (ms > 20_000) return 30_000;
  const power = 10 ** Math.floor(Math.log10(Math.max(1, ms)));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= ms) ?? 10 * power;
}

/** The spans in the order of their tree: each below its parent, and those of one parent by their beginning. */
function rowsOf(spans: readonly SpanView[], start: number, axis: Axis): WaterfallRow[] {
  const ids = new Set(spans.map(({ id }) => id));
  const below = Map.groupBy(spans, ({ parent }) => (parent !== null && ids.has(parent) ? parent : null));
  const rows: WaterfallRow[] = [];
  const placed = new Set<string>();
  const place = (span: SpanView, above: WaterfallRow | null) => {
    if (placed.has(span.id)) return;
    placed.add(span.id);
    const row = rowOf(span, above, start, axis);
    rows.push(row);
    for (const each of below.get(span.id) ?? []) place(each, row);
  };
  for (const span of below.get(null) ?? []) place(span, null);
  // What is below itself, by a file that is wrong, is shown too.
  for (const span of spans) place(span, null);
  return rows;
}

function rowOf(span: SpanView, above: WaterfallRow | null, start: number, { from, to }: Axis): WaterfallRow {
  const length = to - from;
  const startMs = span.startMs - start;
  const endMs = span.endMs - start;
  const left = Math.max(0, startMs - from) / length;
  const named = targetSchema.safeParse(span.attributes[spanAttributes.target]).data ?? null;
  const isDelivery = span.name === ('deliver' satisfies SpanName);
  return {
    span,
    level: above === null ? 0 : above.level + 1,
    startMs,
    tookMs: span.endMs - span.startMs,
    target: isDelivery ? named : (above?.target ?? null),
    sentTo: isDelivery || above?.target ? null : named,
    attempt: isDelivery ? (span.attributes[spanAttributes.attempt] ?? null) : null,
    who: whoOf(span).filter((each) => above === null || !whoOf(above.span).includes(each)),
    bar: { left, width: Math.max(0, (endMs - from) / length - left), isCut: startMs < from },
  };
}

function whoOf({ service, instance, attributes }: SpanView): string[] {
  return [service, attributes[spanAttributes.worker] ?? instance].filter((each) => each !== null);
}

/** The ticks of an axis: where each is, 0 to 1, and its milliseconds from the run's start. */
export function ticksOf({ from, to, step }: Axis): { at: number; ms: number }[] {
  const count = Math.floor((to - from) / step) + 1;
  return Array.from({ length: count }, (_, index) => {
    const ms = from + index * step;
    return { at: (ms - from) / (to - from), ms };
  });
}
