import { OutageError, RefusedError } from '@spillway/core/errors.ts';
import { clockStart, type Job, type Target } from '@spillway/core/job.ts';
import type { PassedOver } from '@spillway/core/passed-over.ts';
import { alertsOf } from '@spillway/core/routing/alerts.ts';
import { quantile } from '@spillway/core/routing/quantiles.ts';
import { runFactsOf } from '@spillway/core/routing/run-condition.ts';
import type { RouterState } from '@spillway/core/routing/state.ts';
import type { FleetReading } from '@spillway/pipeline/ports/fleet.ts';
import type { ListedJob } from '@spillway/pipeline/ports/jobs.ts';
import type { Ports, RoutingSettingsReading } from '@spillway/pipeline/ports/ports.ts';
import { routingWithin } from '@spillway/pipeline/run-reach.ts';
import type { Overview } from './schema.ts';

/** What is seen of the system at one moment. */
interface Reading {
  now: Date;
  open: Overview['open'];
  newest: Job[];
  fleet: FleetReading;
  state: RouterState;
  settings: RoutingSettingsReading;
  passedOver: PassedOver[];
  uploadRefusal: string | null;
}

/** Of what was passed over, so much is read for the dashboard. */
const mostPassedOver = 50;

/** Reads what the dashboard's head shows, beside what was read for the rest of it. */
export async function readOverview(
  read: Pick<Reading, 'fleet' | 'open'> & { newest: ListedJob[] },
  ports: Ports,
): Promise<Overview> {
  const [state, saved, passedOver, uploadRefusal] = await Promise.all([
    ports.routerStates.read(),
    ports.settings.readRouting(),
    ports.passedOver.recent(mostPassedOver),
    refusalOf(ports),
  ]);
  const newest = read.newest.map(({ stored }) => stored.job);
  const settings = { ...saved, settings: routingWithin(saved.settings, ports.runReach) };
  return overviewOf({ ...read, now: ports.clock.now(), newest, state, settings, passedOver, uploadRefusal });
}

/** A storage that does not answer keeps nothing else from being seen. */
async function refusalOf({ blobs }: Ports): Promise<string | null> {
  try {
    return await blobs.uploadRefusal();
  } catch (error) {
    if (error instanceof OutageError || error instanceof RefusedError) return null;
    throw error;
  }
}

function overviewOf({
  now,
  open,
  newest,
  fleet,
  state,
  settings,
  passedOver,
  uploadRefusal,
}: Reading): Overview {
  // What was refused at once was never routed.
  const routed = newest.filter((job) => job.route.reason !== 'reserved');
  const durations = newest.flatMap(durationMs).sort((a, b) => a - b);
  const byTarget: Record<Target, number> = { vm: 0, run: 0, ...countBy(routed, (job) => job.route.target) };
  const { policy } = settings.settings;
  return {
    open,
    recent: {
      jobs: newest.length,
      byTarget,
      byReason: countBy(routed, (job) => job.route.reason),
      byState: countBy(newest, (job) => job.state),
      p50Ms: quantile(durations, 0.5) ?? null,
      p95Ms: quantile(durations, 0.95) ?? null,
    },
    policy,
    alerts: alertsOf({
      now,
      workers: fleet.workers,
      state,
      settings: settings.settings,
      ignoredHeartbeats: fleet.ignored,
      settingsProblem: settings.problem,
      uploadRefusal,
      passedOver,
    }),
    run: runFactsOf({ settings: settings.settings, state, now }),
    settingsChange: settings.change,
  };
}

/** From upload to outcome. For a retry: from its own start, because the upload may be days older. */
function durationMs(job: Job): number[] {
  const worked = job.state === 'succeeded' || job.state === 'failed';
  if (!worked || !job.endedAt) return [];
  return [Math.max(0, job.endedAt.getTime() - clockStart(job).getTime())];
}

function countBy(jobs: Job[], key: (job: Job) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const job of jobs) counts[key(job)] = (counts[key(job)] ?? 0) + 1;
  return counts;
}
