import { type Recurring, startRecurring } from '@spillway/core/background.ts';
import { type Control, type Heartbeat, heartbeatKeptMs } from '@spillway/core/heartbeat.ts';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import { type MachineMetrics, unknownMetrics } from './machine-metrics.ts';
import type { OwnControl } from './own-control.ts';

/** What the worker itself knows; the machine's figures are added to it. */
export type WorkerReport = Pick<
  Heartbeat,
  | 'id'
  | 'kind'
  | 'state'
  | 'slots'
  | 'busy'
  | 'inFlight'
  | 'perOperation'
  | 'delivery'
  | 'io'
  | 'coldStartMs'
  | 'models'
  | 'offers'
  | 'lacks'
  | 'pricePerHour'
  | 'startedAt'
  | 'version'
>;

/**
 * Writes heartbeats, one at a time, and passes on what is wanted of this worker. An outage delays them. `runNow` writes
 * one at once.
 */
export function startHeartbeats(options: {
  everyMs: number;
  /** Reads the machine's figures, and those of this worker's processes. */
  readMachine: () => Promise<MachineMetrics>;
  ports: Pick<Ports, 'fleet' | 'clock' | 'timers' | 'log'>;
  report: () => WorkerReport;
  control: Pick<OwnControl, 'read'>;
  onControl?: (control: Control) => void;
}): Recurring {
  const { everyMs, readMachine, ports, report, control, onControl } = options;
  const { fleet, clock, timers, log } = ports;
  let metrics = unknownMetrics;
  return startRecurring({
    everyMs,
    timers,
    async round() {
      // A machine that is short of something must still be able to say so.
      metrics = await readMachine().catch(() => metrics);
      const own = report();
      const expiresAt = new Date(clock.now().getTime() + heartbeatKeptMs(own));
      await fleet.beat({ ...own, ...metrics, expiresAt });
      const wanted = await control.read();
      if (wanted) onControl?.(wanted);
    },
    onError: (error) => log.warn({ error }, 'A heartbeat could not be written; the next one follows.'),
  });
}
