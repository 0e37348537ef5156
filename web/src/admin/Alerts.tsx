import type { Alert } from '@spillway/core/routing/alerts.ts';
import { Icon, type IconName } from '../components/Icon.tsx';

interface AlertLook {
  icon: IconName;
  /** Told at once, over whatever is being read; the others wait for a pause. */
  urgent: boolean;
}

const looks: Record<Alert['code'], AlertLook> = {
  uploads_refused: { icon: 'alert', urgent: true },
  nothing_takes_work: { icon: 'alert', urgent: true },
  run_paused: { icon: 'pause', urgent: false },
  run_over_budget: { icon: 'coins', urgent: false },
  vm_paused: { icon: 'pause', urgent: false },
  worker_lacks: { icon: 'alert', urgent: true },
  settings_invalid: { icon: 'sliders', urgent: true },
  heartbeats_ignored: { icon: 'pulse', urgent: false },
  passed_over: { icon: 'alert', urgent: false },
  failures: { icon: 'alert', urgent: false },
  objectives_missed: { icon: 'pulse', urgent: false },
  backlog_old: { icon: 'pulse', urgent: false },
  dead_letters: { icon: 'alert', urgent: false },
};

/** What the admin has to know of, the worst first. */
export function Alerts({ alerts }: { alerts: readonly Alert[] }) {
  const urgent = alerts.filter(({ code }) => looks[code].urgent);
  const others = alerts.filter(({ code }) => !looks[code].urgent);
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
            <Icon name={looks[code].icon} />
            <span>{message}</span>
          </p>
        );
      })}
    </div>
  );
}
