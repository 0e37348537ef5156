import type { MetricsPoint, MetricsView } from '@spillway/web/api/metrics-schema.ts';

/** The points of a range at even steps. */
export interface Steps {
  /** Beginnings of the steps, in milliseconds. */
  times: number[];
  points: (MetricsPoint | null)[];
}

/** All steps of the range up to now, those in which nothing was seen as null. */
export function stepsOf({ from, until, stepMs, points }: MetricsView, now: number): Steps {
  const known = new Map(points.map((point) => [point.at.getTime(), point]));
  const times: number[] = [];
  for (let at = from.getTime(); at < Math.min(until.getTime(), now); at += stepMs) times.push(at);
  return { times, points: times.map((at) => known.get(at) ?? null) };
}

/** A line of counts: where nothing was seen, nothing happened. */
export function countsOf({ points }: Steps, count: (point: MetricsPoint) => number): number[] {
  return points.map((point) => (point ? count(point) : 0));
}

/** A line of measures, which has gaps where there is nothing to measure. */
export function measuresOf(
  { points }: Steps,
  measure: (point: MetricsPoint) => number | null,
): (number | null)[] {
  return points.map((point) => (point ? measure(point) : null));
}

/** Whether anything is known of jobs in this time. */
export function hasJobs({ sum: { classes, decided } }: MetricsView): boolean {
  return classes.interactive.ended + classes.bulk.ended + decided.vm + decided.run > 0;
}

/** So few jobs of a step say little about a share. */
const fewestJobs = 5;

/** The step in which most went wrong: most misses and failures of ours for each job that ended. Null where none stands out. */
export function worstStep({ times, points }: Steps): { at: number; point: MetricsPoint } | null {
  let worst: { at: number; point: MetricsPoint; share: number } | null = null;
  for (const [index, point] of points.entries()) {
    const at = times[index];
    if (!point || at === undefined) continue;
    const { interactive, bulk } = point.classes;
    const judged = interactive.kept + interactive.missed + bulk.kept + bulk.missed;
    const share = (interactive.missed + bulk.missed) / Math.max(1, judged);
    if (judged < fewestJobs || share === 0 || (worst && share <= worst.share)) continue;
    worst = { at, point, share };
  }
  return worst;
}
