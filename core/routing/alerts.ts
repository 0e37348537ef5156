import { z } from 'zod';
import { countOf, formatDollars } from '../amounts.ts';
import type { Worker } from '../heartbeat.ts';
import { lackSentence } from '../machine-lack.ts';
import type { PassedOver, PassingTask } from '../passed-over.ts';
import { liveVms } from './liveness.ts';
import { isOverBudget, whyRunIsClosed } from './predict.ts';
import type { Conditions } from './question.ts';
import { runConditionOf, runFactsOf } from './run-condition.ts';

/** Alerts about how the system is at the moment. */
const conditionCodes = [
  'uploads_refused',
  'nothing_takes_work',
  'run_paused',
  'run_over_budget',
  'vm_paused',
  'worker_lacks',
  'settings_invalid',
  'heartbeats_ignored',
  'passed_over',
] as const;
export type ConditionCode = (typeof conditionCodes)[number];
/** Alerts about what has happened of late (core/rollups/rollup-alerts.ts). */
export const rollupCodes = ['objectives_missed', 'failures', 'backlog_old', 'dead_letters'] as const;
export type RollupCode = (typeof rollupCodes)[number];

export const alertSchema = z.object({
  code: z.enum([...conditionCodes, ...rollupCodes]),
  /** The worker, item or class that it is about; null where its code says all. */
  subject: z.string().nullable().default(null),
  /** What is wrong and what to do, in English sentences. */
  message: z.string(),
});
export type Alert = z.infer<typeof alertSchema>;
type ConditionAlert = Alert & { code: ConditionCode };

/** Items that are shown one by one. */
const mostShown = 5;
const passedBy: Record<PassingTask, string> = {
  routing: 'The event was put aside in jobs-dead, and the search for lost uploads will try again, for',
  sweep: 'The sweep can do nothing for',
  search: 'The search for lost uploads can do nothing for',
  reading: 'A document cannot be read:',
};

/** What the admin has to know, the worst first. Pure, like the decisions that it explains. */
export function alertsOf({
  workers,
  state,
  settings,
  now,
  ignoredHeartbeats,
  settingsProblem,
  uploadRefusal,
  passedOver,
}: Omit<Conditions, 'reach' | 'workers'> & {
  workers: readonly Worker[];
  ignoredHeartbeats: number;
  settingsProblem: string | null;
  /** Why the storage takes no upload, as a sentence; null while it does. */
  uploadRefusal: string | null;
  /** Newest first. Items beyond `mostShown` are only counted. */
  passedOver: readonly PassedOver[];
}): ConditionAlert[] {
  const alerts: ConditionAlert[] = [];
  const { run } = settings;
  const { spentLastHour } = state;
  const most = run.mostDollarsPerHour;

  if (uploadRefusal !== null) add('uploads_refused', `No more pictures are taken. ${uploadRefusal}`);
  if (whyRunIsClosed({ settings, state, now }) !== null && liveVms(workers, settings).length === 0) {
    add(
      'nothing_takes_work',
      'Neither a VM nor Cloud Run takes work. Jobs wait and nothing is lost; start a VM.',
    );
  }
  const condition = runConditionOf(runFactsOf({ settings, state, now }), now);
  switch (condition.kind) {
    case 'paused_by_hand':
    case 'paused':
      add('run_paused', `Cloud Run is paused. ${condition.why} ${condition.ends}`);
      break;
    case 'on_trial':
      add('run_paused', `Cloud Run is on trial. ${condition.why} ${condition.ends}`);
      break;
    case 'off':
    case 'over_budget':
    case 'open':
      break;
    default:
      condition.kind satisfies never;
  }
  if (isOverBudget(spentLastHour, most)) {
    add(
      'run_over_budget',
      `Cloud Run has cost ${formatDollars(spentLastHour)} within an hour, and ${formatDollars(most)} is the limit: new work waits for the VMs.`,
    );
  }
  for (const worker of workers) {
    if (worker.ageMs > settings.vm.liveWithinMs) continue;
    if (worker.lacks.length > 0) {
      const lacks = worker.lacks.map(lackSentence).join(' ');
      add(
        'worker_lacks',
        `The machine of ${worker.id} cannot work: ${lacks} It takes no work until it can.`,
        worker.id,
      );
    } else if (worker.state === 'paused') {
      add('vm_paused', `${worker.id} has paused itself until a test picture goes well.`, worker.id);
    }
  }
  if (settingsProblem !== null) {
    add(
      'settings_invalid',
      `settings/routing does not validate, so the last good settings stay: ${settingsProblem}`,
    );
  }
  if (ignoredHeartbeats > 0) {
    add(
      'heartbeats_ignored',
      `${countOf(ignoredHeartbeats, 'heartbeat is', 'heartbeats are')} malformed or from the future, and ignored.`,
    );
  }
  for (const { task, item, why, since, times } of passedOver.slice(0, mostShown)) {
    const often = times === 1 ? '' : `, ${times} times`;
    add('passed_over', `${passedBy[task]} ${item} since ${since.toISOString()}${often}: ${why}`, item);
  }
  const rest = passedOver.length - mostShown;
  if (rest > 0) {
    add('passed_over', `Nothing can be done for at least ${countOf(rest, 'more item')}.`);
  }
  return alerts;

  function add(code: ConditionCode, message: string, subject: string | null = null): void {
    alerts.push({ code, message, subject });
  }
}
