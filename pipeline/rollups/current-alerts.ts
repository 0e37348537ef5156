import { OutageError, RefusedError } from '@spillway/core/errors.ts';
import type { Worker } from '@spillway/core/heartbeat.ts';
import { recordsOf } from '@spillway/core/rollups/document.ts';
import { documentId, recordMs, startOf } from '@spillway/core/rollups/levels.ts';
import type { JobsRecord } from '@spillway/core/rollups/rollup.ts';
import { alertMinutes, rollupAlertsOf } from '@spillway/core/rollups/rollup-alerts.ts';
import { type Alert, alertsOf } from '@spillway/core/routing/alerts.ts';
import type { RouterState } from '@spillway/core/routing/state.ts';
import type { Ports } from '../ports/ports.ts';
import { routingWithin } from '../run-reach.ts';

/** Of what was passed over, so much is read. */
const mostPassedOver = 20;

/** What the leader sees anyway. */
interface SeenNow {
  workers: readonly Worker[];
  ignored: number;
  state: RouterState;
}

/** All alerts of now, the worst first. Throws `OutageError`. */
export async function readAlerts(seen: SeenNow, ports: Ports): Promise<Alert[]> {
  const [saved, passedOver, uploadRefusal, minutes] = await Promise.all([
    ports.settings.readRouting(),
    ports.passedOver.recent(mostPassedOver),
    uploadRefusalOf(ports),
    readLastMinutes(ports),
  ]);
  const settings = routingWithin(saved.settings, ports.runReach);
  return [
    ...alertsOf({
      now: ports.clock.now(),
      workers: seen.workers,
      state: seen.state,
      settings,
      ignoredHeartbeats: seen.ignored,
      settingsProblem: saved.problem,
      uploadRefusal,
      passedOver,
    }),
    ...rollupAlertsOf(minutes, settings),
  ];
}

/** A storage that does not answer keeps nothing else from being seen. */
export async function uploadRefusalOf({ blobs }: Pick<Ports, 'blobs'>): Promise<string | null> {
  try {
    return await blobs.uploadRefusal();
  } catch (error) {
    if (error instanceof OutageError || error instanceof RefusedError) return null;
    throw error;
  }
}

/** The records of the last minutes, the oldest first: two or three documents. */
export async function readLastMinutes({
  metricsDocuments,
  clock,
}: Pick<Ports, 'metricsDocuments' | 'clock'>): Promise<JobsRecord[]> {
  const now = clock.now();
  const from = startOf(recordMs.minutes, new Date(now.getTime() - alertMinutes * recordMs.minutes));
  const ids = new Set(
    [from, new Date(from.getTime() + recordMs.tens), now].map((at) => documentId('minutes', 'jobs', at)),
  );
  const read = await metricsDocuments.get([...ids]);
  return read
    .flatMap(({ document }) => [...recordsOf('jobs', document.content)])
    .filter(([at]) => at >= from.getTime())
    .sort(([a], [b]) => a - b)
    .map(([, record]) => record);
}
