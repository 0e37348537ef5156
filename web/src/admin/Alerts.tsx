import { urgentCodes } from '@spillway/core/rollups/verdict.ts';
import type { Alert } from '@spillway/core/routing/alerts.ts';
import { Icon, type IconName } from '../components/Icon.tsx';

const icons: Record<Alert['code'], IconName> = {
  uploads_refused: 'alert',
  nothing_takes_work: 'alert',
  run_paused: 'pause',
  run_over_budget: 'coins',
  vm_paused: 'pause',
  worker_lacks: 'alert',
  settings_invalid: 'sliders',
  heartbeats_ignored: 'pulse',
  passed_over: 'alert',
  failures: 'alert',
  objectives_missed: 'pulse',
  backlog_old: 'pulse',
  dead_letters: 'alert',
};

/** What the admin has to know of, the worst first. */
export function Alerts({ alerts }: { alerts: readonly Alert[] }) {
  // The urgent ones are told at once, over whatever is being read; the others wait for a pause.
  const urgent = alerts.filter(({ code }) => urgentCodes.has(code));
  const others = alerts.filter(({ code }) => !urgentCodes.has(code));
  return (
    <div class="alerts">
      <AlertList role="alert" alerts={urgent} />
      <AlertList role="status" alerts={others} />
    </div>
  );
}

/**
 * A live region, there before anything is to be told. Only what is added is told: a sentence that counts seconds would
 * otherwise be read out again at every one.
 */
function AlertList({ role, alerts }: { role: 'alert' | 'status'; alerts: readonly Alert[] }) {
  return (
    <div role={role} aria-atomic="false" aria-relevant="additions" class={role === 'alert' ? 'urgent' : ''}>
      {alerts.map(({ code, message }, index) => {
        // The sentence is no part of the key: it changes while the alert stays the same.
        const before = alerts.slice(0, index).filter((other) => other.code === code).length;
        return (
          <p key={`${code} ${before}`} class="dashboard-alert">
            <Icon name={icons[code]} />
            <span>{message}</span>
          </p>
        );
      })}
    </div>
  );
}
