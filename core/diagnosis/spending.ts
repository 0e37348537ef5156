import { countOf, formatDollars, formatShare } from '../amounts.ts';
import { isOverBudget, isRunOff } from '../routing/predict.ts';
import { fine, note, type Sentence, wrong } from './sentence.ts';
import type { SystemReading } from './system-reading.ts';

/** Share of the limit from which on it is worth a sentence. */
const nearly = 0.8;

/** Is it expensive: what has Cloud Run cost within the last hour, and may it? */
export function spendingOf({ state, settings, jobs }: SystemReading): Sentence[] {
  const { mostDollarsPerHour: most } = settings.run;
  const spent = formatDollars(state.spentLastHour);
  const routed = jobs.newest.filter(({ route }) => route.reason !== 'reserved');
  const onRun = routed.filter(({ route }) => route.target === 'run').length;
  const share =
    routed.length === 0
      ? ''
      : ` Of the newest ${countOf(routed.length, 'job')}, ${formatShare(onRun / routed.length)} went to Cloud Run.`;
  if (isOverBudget(state.spentLastHour, most)) {
    return [
      wrong(
        'over_budget',
        `Cloud Run has cost ${spent} within an hour, and ${formatDollars(most)} is the limit: new work waits for the VMs.${share}`,
        'Wait until the hour has passed, raise run.mostDollarsPerHour in the settings, or start another VM.',
      ),
    ];
  }
  if (most === null) {
    const none = isRunOff(settings) ? null : 'To set one: run.mostDollarsPerHour in the settings.';
    return [
      fine('spent', `Cloud Run has cost ${spent} within the last hour.${share}`),
      ...(none === null ? [] : [note('no_budget', 'There is no limit for the cost of an hour.', none)]),
    ];
  }
  const sentence = `Cloud Run has cost ${spent} within the last hour, of ${formatDollars(most)} that it may.${share}`;
  return [
    state.spentLastHour >= nearly * most
      ? note('nearly_over_budget', sentence, 'At the limit, new work waits for the VMs.')
      : fine('spent', sentence),
  ];
}
