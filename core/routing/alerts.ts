import { z } from 'zod';
import type { Conditions } from './decide-route.ts';
import { liveVms } from './fleet.ts';
import { isOverBudget, whyRunIsClosed } from './predict.ts';

export const alertSchema = z.object({
  code: z.enum([
    'nothing_takes_work',
    'run_paused',
    'run_over_budget',
    'vm_paused',
    'settings_invalid',
    'heartbeats_ignored',
  ]),
  /** What is wrong and what to do, in English sentences. */
  message: z.string(),
});
export type Alert = z.infer<typeof alertSchema>;

const belowACent = new Intl.NumberFormat('en', { maximumSignificantDigits: 2 });

/** Bills here are often below a cent. */
function dollars(amount: number): string {
  return `$${amount === 0 || amount >= 0.01 ? amount.toFixed(2) : belowACent.format(amount)}`;
}

/** What the admin has to know of, the worst first. Pure, like the decisions that it explains. */
export function alertsOf({
  workers,
  state,
  settings,
  now,
  ignoredHeartbeats,
  settingsProblem,
}: Conditions & { ignoredHeartbeats: number; settingsProblem: string | null }): Alert[] {
  const alerts: Alert[] = [];
  const { run } = settings;
  const { breaker, spentLastHour } = state;
  const most = run.mostDollarsPerHour;

  if (whyRunIsClosed({ settings, state }) !== null && liveVms(workers, settings).length === 0) {
    add(
      'nothing_takes_work',
      'Neither a VM nor Cloud Run takes work. Jobs wait and nothing is lost; start a VM.',
    );
  }
  if (breaker.state === 'paused') {
    const seconds = Math.max(0, Math.round(((breaker.until?.getTime() ?? 0) - now.getTime()) / 1_000));
    add('run_paused', `Cloud Run is paused: ${breaker.why ?? ''} One job tries it out in ${seconds} s.`);
  } else if (breaker.state === 'probing') {
    add('run_paused', 'Cloud Run was paused; the next job that needs it tries it out.');
  }
  if (isOverBudget(spentLastHour, most)) {
    add(
      'run_over_budget',
      `Cloud Run has cost ${dollars(spentLastHour)} within an hour, and ${dollars(most)} is the limit: new work waits for the VMs.`,
    );
  }
  for (const worker of workers) {
    if (worker.state !== 'paused' || worker.ageMs > settings.vm.liveWithinMs) continue;
    add('vm_paused', `${worker.id} has paused itself until a test picture goes well.`);
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
      `${ignoredHeartbeats} heartbeat${ignoredHeartbeats === 1 ? ' is' : 's are'} malformed or from the future, and ignored.`,
    );
  }
  return alerts;

  function add(code: Alert['code'], message: string): void {
    alerts.push({ code, message });
  }
}
