import { countOf, formatShare } from '../amounts.ts';
import { type JobClass, jobClasses } from '../job.ts';
import type { Alert, RollupCode } from '../routing/alerts.ts';
import type { RoutingSettings } from '../settings.ts';
import type { JobsRecord } from './rollup.ts';
import { addTally, cellNamed, emptyTally, type Tally } from './tally.ts';

/** Minutes that these alerts look back. */
export const alertMinutes = 15;
/** So few jobs say nothing about a share. */
const fewestJobs = 10;
const fewestFailures = 3;
/** Shares from which on something is wrong. */
export const mostMissed = 0.1;
const mostFailed = 0.05;

/**
 * Alerts about what has happened in the last minutes, the worst first.
 * @param minutes The records of the last `alertMinutes` minutes, the oldest first.
 */
export function rollupAlertsOf(minutes: readonly JobsRecord[], { bulk }: RoutingSettings): Alert[] {
  const alerts: Alert[] = [];
  const add = (code: RollupCode, message: string, subject: string | null = null) =>
    alerts.push({ code, message, subject });
  for (const jobClass of jobClasses) {
    const { kept, missed } = sumOfClass(minutes, jobClass);
    if (kept + missed < fewestJobs || missed <= mostMissed * (kept + missed)) continue;
    const share = formatShare(missed / (kept + missed));
    add(
      'objectives_missed',
      `${missed} of ${kept + missed} ${jobClass} jobs (${share}) ended after their deadline or failed within ${alertMinutes} minutes. Look at what waits and at the settings of routing.`,
      jobClass,
    );
  }
  const all = sumOfClass(minutes, null);
  const ours = all.failed - all.refused;
  const worked = all.succeeded + ours;
  if (ours >= fewestFailures && ours > mostFailed * worked) {
    const most = Object.entries(all.codes).sort(([, a], [, b]) => b - a)[0]?.[0] ?? 'internal';
    add(
      'failures',
      `${ours} of ${countOf(worked, 'job')} failed within ${alertMinutes} minutes though nothing was wrong with their pictures; the most frequent code of all failures is ${most}.`,
    );
  }
  const oldestMs = minutes.findLast(({ system }) => system !== null)?.system?.oldestMs;
  const longest = Math.max(oldestMs?.vm ?? 0, oldestMs?.run ?? 0);
  if (longest > bulk.objectiveMs) {
    const minutesOf = (ms: number) => countOf(Math.round(ms / 60_000), 'minute');
    add(
      'backlog_old',
      `The oldest waiting job has waited for ${minutesOf(longest)}; even large batches promise ${minutesOf(bulk.objectiveMs)}. Start a VM, or let Cloud Run take more.`,
    );
  }
  const buried = minutes.reduce((sum, { deadLetters }) => sum + deadLetters, 0);
  if (buried > 0) {
    add(
      'dead_letters',
      `${countOf(buried, 'message was', 'messages were')} put aside in jobs-dead within ${alertMinutes} minutes: nobody can handle them.`,
    );
  }
  return alerts;
}

function sumOfClass(minutes: readonly JobsRecord[], jobClass: JobClass | null): Tally {
  const sum = emptyTally();
  for (const { cells } of minutes) {
    for (const [name, tally] of cells) {
      if (jobClass === null || cellNamed(name)?.class === jobClass) addTally(sum, tally);
    }
  }
  return sum;
}
