import { formatDollars, formatSeconds } from '../amounts.ts';
import { pauseByHand, type RoutingSettings } from '../settings.ts';
import { type RunBreaker, takesWork } from './breakers.ts';
import { isRunOff } from './predict.ts';
import type { Conditions } from './question.ts';

/** What tells whether Cloud Run takes work. */
export interface RunFacts {
  /** By the settings, and with a service to send to. */
  enabled: boolean;
  /** By hand; null while there is none, or it has ended. */
  pause: RoutingSettings['run']['pause'];
  breaker: Pick<RunBreaker, 'state' | 'since' | 'until' | 'trips' | 'why'>;
  spentLastHour: number;
  mostDollarsPerHour: number | null;
}

export function runFactsOf({
  settings,
  state,
  now,
}: Pick<Conditions, 'settings' | 'state' | 'now'>): RunFacts {
  const { since, until, trips, why, state: breaker } = state.breaker;
  return {
    enabled: !isRunOff(settings),
    pause: pauseByHand(settings, now),
    breaker: { state: breaker, since, until, trips, why },
    spentLastHour: state.spentLastHour,
    mostDollarsPerHour: settings.run.mostDollarsPerHour,
  };
}

/** Whether Cloud Run takes new work, why not, and what ends that: two English sentences. */
export interface RunCondition {
  kind: 'off' | 'paused_by_hand' | 'paused' | 'on_trial' | 'over_budget' | 'open';
  why: string;
  /** What has to happen for it to take work again; null while it does. */
  ends: string | null;
}

/** The first of the reasons that hold, as routers see them. Pure: a page counts the seconds by calling it again. */
export function runConditionOf(facts: RunFacts, now: Date): RunCondition {
  const { enabled, pause, breaker, spentLastHour, mostDollarsPerHour: most } = facts;
  if (!enabled) {
    return {
      kind: 'off',
      why: 'It is off by the settings.',
      ends: 'It stays so until the settings say otherwise.',
    };
  }
  if (pause) {
    const end = pause.until === null ? null : new Date(pause.until);
    return {
      kind: 'paused_by_hand',
      why: `An admin has paused it: ${pause.why}`,
      ends: end
        ? `It takes work again in ${formatLeft(end, now)}, or when an admin ends the pause.`
        : 'It takes work again when an admin ends the pause.',
    };
  }
  if (!takesWork(breaker, now)) return breakerCondition(breaker, now);
  if (most !== null && spentLastHour >= most) {
    return {
      kind: 'over_budget',
      why: `It has cost ${formatDollars(spentLastHour)} within an hour, and ${formatDollars(most)} is the limit.`,
      ends: 'It takes work again when the last hour has cost less.',
    };
  }
  return { kind: 'open', why: 'It takes what the VMs cannot finish in time.', ends: null };
}

/** While a trial is under way, still nobody's job is sent: what goes there is a picture of Spillway's own. */
function breakerCondition({ state, until, trips, why }: RunFacts['breaker'], now: Date): RunCondition {
  const left = formatLeft(until ?? now, now);
  const reason = why ?? 'It did not take its work or failed.';
  const pauses = trips > 1 ? ` This is pause ${trips} in a row.` : '';
  if (state === 'probing') {
    return {
      kind: 'on_trial',
      why: `It was paused: ${reason}${pauses}`,
      ends: `A small picture of Spillway’s own is on its way there, and nobody’s job. When that is done it takes work at once; when it fails, or is not done within ${left}, the next pause is twice as long.`,
    };
  }
  return {
    kind: 'paused',
    why: `${reason}${pauses}`,
    ends: `A small picture of Spillway’s own tries it out before the pause ends, in ${left}.`,
  };
}

function formatLeft(until: Date, now: Date): string {
  const ms = Math.max(0, until.getTime() - now.getTime());
  if (ms < 120_000) return formatSeconds(Math.ceil(ms / 1_000) * 1_000).replace('.0', '');
  const minutes = Math.round(ms / 60_000);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
