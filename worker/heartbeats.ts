import type { Control, Heartbeat } from '@spillway/core/heartbeat.ts';
import type { Fleet } from '@spillway/pipeline/ports/fleet.ts';
import type { Clock, Log, Timers } from '@spillway/pipeline/ports/ports.ts';
import { type MachineMetrics, readMachineMetrics } from './machine-metrics.ts';

/** A worker's heartbeat stays in the database for this long after its last beat, in milliseconds. */
const keptMs = 10 * 60_000;

/** What the worker itself knows; the machine's figures are added to it. */
export type WorkerReport = Pick<
  Heartbeat,
  | 'id'
  | 'kind'
  | 'state'
  | 'slots'
  | 'busy'
  | 'perOperation'
  | 'delivery'
  | 'coldStartMs'
  | 'models'
  | 'lacks'
  | 'startedAt'
  | 'version'
>;

export interface Heartbeats {
  /** Writes one now, beside the regular ones. */
  beat(): Promise<void>;
  stop(): Promise<void>;
}

/** Nothing is known of the machine, such as when no program can be started to look at it. */
const unknownMetrics: MachineMetrics = {
  cpu: { load: 0, perCore: [] },
  memory: { totalBytes: 0, usedBytes: 0 },
  process: { cpu: 0, rssBytes: 0, count: 0 },
};

/**
 * Writes heartbeats every `everyMs` and hands on what the admin wants of this worker. An outage delays them;
 * beats never overlap.
 */
export function startHeartbeats(options: {
  everyMs: number;
  fleet: Fleet;
  clock: Clock;
  timers: Timers;
  log: Log;
  report: () => WorkerReport;
  onControl?: (control: Control) => void;
}): Heartbeats {
  const { everyMs, fleet, clock, timers, log, report, onControl } = options;
  let beating: Promise<void> | null = null;
  let metrics = unknownMetrics;

  function beat(): Promise<void> {
    beating ??= write().finally(() => {
      beating = null;
    });
    return beating;
  }

  async function write(): Promise<void> {
    try {
      // A machine that is short of something must still be able to say so.
      metrics = await readMachineMetrics(process.pid).catch(() => metrics);
      const worker = report();
      await fleet.beat({ ...worker, ...metrics, expiresAt: new Date(clock.now().getTime() + keptMs) });
      onControl?.(await fleet.control(worker.id));
    } catch (error) {
      log.warn({ error }, 'A heartbeat could not be written; the next one follows.');
    }
  }

  const stop = timers.every(everyMs, () => void beat());
  return {
    async beat() {
      await beating;
      await beat();
    },
    async stop() {
      stop();
      await beating;
    },
  };
}
