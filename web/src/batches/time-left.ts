import { countOf } from '@spillway/core/amounts.ts';
import type { JobView } from '@spillway/web/api/schema.ts';
import type { Batch } from './batch.ts';
import { hasEnded } from './result-stage.ts';

/** Results that the pace is measured over: the latest ones, because it changes while others come and go. */
const mostMeasured = 30;
const leastMeasured = 3;

/**
 * Milliseconds until the last open result of these batches is expected; null while nothing tells. The router's
 * predictions tell at the start. The measured pace counts as much as the share of results that it was measured on, and
 * alone where a result has no prediction yet, or has outlived it.
 */
export function timeLeft(batches: readonly Pick<Batch, 'pictures'>[], now: number): number | null {
  const results = batches.flatMap(({ pictures }) => pictures.flatMap((picture) => picture.results));
  const open = results.filter(({ stage }) => !hasEnded(stage));
  if (open.length === 0) return 0;
  const ends = open.map(({ job }) => (job ? predictedEnd(job) : null));
  const perResult = measuredPace(results.flatMap(({ job }) => (job?.endedAt ? [job.endedAt.getTime()] : [])));
  const measured = perResult === null ? null : open.length * perResult;
  const predicted = ends.every((end) => end !== null && end > now)
    ? Math.max(...ends.map((end) => (end ?? now) - now))
    : null;
  if (predicted === null) return measured;
  if (measured === null) return predicted;
  const weight = (results.length - open.length) / results.length;
  return weight * measured + (1 - weight) * predicted;
}

/** When the router expects the job's end, without the margin that its deadline gets; null where it has not said. */
function predictedEnd({ route }: JobView): number | null {
  const side = route.predicted?.[route.target];
  return side ? route.at.getTime() + side.waitMs + side.serviceMs + side.ioMs : null;
}

/** Milliseconds between two ends, over the latest ones; null where there are too few of them. */
function measuredPace(endings: readonly number[]): number | null {
  const latest = endings.toSorted((a, b) => b - a).slice(0, mostMeasured);
  const [last] = latest;
  const first = latest.at(-1);
  if (last === undefined || first === undefined || latest.length < leastMeasured) return null;
  return (last - first) / (latest.length - 1);
}

/** Coarse, so that it does not flicker. */
export function timeLeftWords(ms: number): string {
  const seconds = ms / 1_000;
  if (seconds < 8) return 'a few seconds left';
  if (seconds < 55) return `about ${Math.round(seconds / 5) * 5} s left`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `about ${minutes} min left`;
  return `about ${countOf(Math.round(minutes / 60), 'hour')} left`;
}
