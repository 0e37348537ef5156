import type { Route, SidePrediction } from '@spillway/core/job.ts';
import { tookSeconds } from '@spillway/core/job-query.ts';
import type { JobView } from '@spillway/web/api/schema.ts';
import { formatDuration } from '../format/duration.ts';
import { isRouted } from '../jobs/job-order.ts';
import { reasonLabel } from '../jobs/reasons.ts';
import { endedWords, failureWords } from '../jobs/words.ts';
import type { JobCount } from './explorer-state.ts';

/** What matters most about a job, in one line: why it failed, or why it went where it did, with the figures of it. */
export function whatMatters(job: JobView): string {
  if (job.error && job.state === 'failed') {
    const { summary, detail } = failureWords(job.error);
    return detail ?? summary;
  }
  const ended = endedWords(job.state);
  if (ended !== null) return ended;
  return isRouted(job) ? routeWords(job.route) : reasonLabel(job.route.reason);
}

/** `VM 12 s, Cloud Run 15 s, 6 s left: VMs, sooner`. The figures that the decision compared come first, so that no row cuts them off. */
export function routeWords({ reason, predicted, explanation }: Route): string {
  if (!predicted) return explanation;
  const { vm, run, runClosed, budgetMs } = predicted;
  const left =
    budgetMs >= 0 ? `${formatDuration(budgetMs)} left` : `${formatDuration(-budgetMs)} late already`;
  const cloudRun = runClosed === null ? sideWords(run) : (closedWords[runClosed] ?? 'closed');
  return `VM ${sideWords(vm)}, Cloud Run ${cloudRun}, ${left}: ${reasonLabel(reason)}`;
}

const closedWords: Record<string, string | undefined> = {
  off: 'off',
  no_service: 'not there',
  paused: 'paused',
  over_budget: 'over budget',
  lacks_model: 'without the model',
  too_large: 'too small for it',
};

function sideWords(side: SidePrediction | null): string {
  return side === null ? 'none' : formatDuration(side.finishMs);
}

/** `1,204`, `more than 100,000`, `at most 12`. */
export function countWords({ jobs, exact }: JobCount): string {
  const number = jobs.toLocaleString('en');
  switch (exact) {
    case 'exactly':
      return number;
    case 'more_than':
      return `more than ${number}`;
    case 'at_most':
      return `at most ${number}`;
    default:
      return exact satisfies never;
  }
}

/** Durations that can be asked for, as values of an address and words. */
export const tookChoices = tookSeconds.map((seconds) => ({
  value: String(seconds),
  label: formatDuration(seconds * 1_000),
}));
