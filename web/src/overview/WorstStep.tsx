import { countOf, formatShare } from '@spillway/core/amounts.ts';
import { formatDuration, formatMoment } from '../format/duration.ts';
import { hasJobs, stepsOf, worstStep } from './chart-data.ts';
import type { OverviewState } from './overview-state.ts';

const hourMs = 3_600_000;

/** The step of the range in which most went wrong, and a way into it. */
export function WorstStep({ state }: { state: OverviewState }) {
  const metrics = state.metrics.value;
  const worst = metrics && worstStep(stepsOf(metrics, Date.now()));
  if (!metrics || !worst) {
    return (
      <p class="worst-step">
        {metrics && hasJobs(metrics)
          ? 'No step of this time stands out: few objectives were missed, or none.'
          : ' '}
      </p>
    );
  }
  const { interactive, bulk } = worst.point.classes;
  const missed = interactive.missed + bulk.missed;
  const judged = missed + interactive.kept + bulk.kept;
  const isLong = metrics.stepMs >= hourMs / 6;
  return (
    <p class="worst-step">
      Worst {formatDuration(metrics.stepMs)}: from <strong>{formatMoment(new Date(worst.at))}</strong>,{' '}
      {missed} of {countOf(judged, 'objective')} missed ({formatShare(missed / judged)}),{' '}
      {interactive.failed + bulk.failed} failed.{' '}
      {isLong && (
        <button type="button" class="button" onClick={() => state.show(around(worst.at, metrics.stepMs))}>
          Look into it
        </button>
      )}
    </p>
  );
}

/** The three hours around a step, whose minutes are drawn. */
export function around(at: number, stepMs: number): { range: '3h'; until: Date } {
  const middle = at + stepMs / 2;
  return { range: '3h', until: new Date(Math.min(Date.now(), middle + 1.5 * hourMs)) };
}
