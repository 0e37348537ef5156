import type { Target } from '@spillway/core/job.ts';
import { alertKey } from '@spillway/core/rollups/alert-log.ts';
import { causesIn, figuresOf } from '@spillway/core/rollups/figures.ts';
import { recordForms } from '@spillway/core/rollups/rollup.ts';
import { rollupAlertsOf } from '@spillway/core/rollups/rollup-alerts.ts';
import { endStates } from '@spillway/core/rollups/tally.ts';
import { verdictOf } from '@spillway/core/rollups/verdict.ts';
import { alertsOf } from '@spillway/core/routing/alerts.ts';
import { liveVms } from '@spillway/core/routing/liveness.ts';
import { runFactsOf } from '@spillway/core/routing/run-condition.ts';
import type { FleetReading } from '@spillway/pipeline/ports/fleet.ts';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import { readLastMinutes, uploadRefusalOf } from '@spillway/pipeline/rollups/current-alerts.ts';
import { readState } from '@spillway/pipeline/rollups/read-rollups.ts';
import { routingWithin } from '@spillway/pipeline/run-reach.ts';
import type { Overview } from './admin-schema.ts';

/** Of what was passed over, so much is read for the dashboard. */
const mostPassedOver = 20;

/**
 * Reads what the head of every page for admins shows. However many jobs there are, it reads ten documents or so, what was
 * passed over, and an index entry in a thousand open jobs.
 */
export async function readOverview(
  fleet: Pick<FleetReading, 'workers' | 'ignored'>,
  ports: Ports,
): Promise<Overview> {
  const [state, saved, passedOver, uploadRefusal, open, minutes, rollups] = await Promise.all([
    ports.routerStates.read(),
    ports.settings.readRouting(),
    ports.passedOver.recent(mostPassedOver),
    uploadRefusalOf(ports),
    ports.feed.countOpen(),
    readLastMinutes(ports),
    readState(ports),
  ]);
  const now = ports.clock.now();
  const settings = routingWithin(saved.settings, ports.runReach);
  const since = new Map(rollups.openAlerts.map((alert) => [alertKey(alert), alert.beganAt]));
  const alerts = [
    ...alertsOf({
      now,
      workers: fleet.workers,
      state,
      settings,
      ignoredHeartbeats: fleet.ignored,
      settingsProblem: saved.problem,
      uploadRefusal,
      passedOver,
    }),
    ...rollupAlertsOf(minutes, settings),
  ].map((alert) => ({ ...alert, since: since.get(alertKey(alert)) ?? null }));
  const recent = recordForms.jobs.empty();
  for (const record of minutes) recordForms.jobs.add(recent, record);
  const figures = figuresOf(recent.cells, null);
  const { interactive } = figures.classes;
  const ended = Object.fromEntries(
    endStates.map((each) => [each, [...recent.cells.values()].reduce((sum, tally) => sum + tally[each], 0)]),
  );
  const byTarget: Record<Target, number> = figures.decided;
  return {
    open,
    recent: {
      jobs: Object.values(ended).reduce((sum, each) => sum + each, 0),
      byTarget,
      byReason: causesIn(recent.cells).reasons,
      byState: ended,
      p50Ms: interactive.total.p50,
      p95Ms: interactive.total.p95,
    },
    policy: settings.policy,
    verdict: verdictOf(alerts, figures, liveVms(fleet.workers, settings).length),
    alerts,
    run: runFactsOf({ settings, state, now }),
    settingsChange: saved.change,
  };
}
