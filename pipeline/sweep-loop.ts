import { type Background, singleFlight, startRecurring } from '@spillway/core/background.ts';
import type { Ports } from './ports/ports.ts';
import { createPrewarming } from './prewarming.ts';
import { createGaugeReports } from './report-gauges.ts';
import { createRollupLeader } from './rollups/leader.ts';
import { newSweepMemory, type SweepMemory, sweepOnce } from './sweep.ts';
import { within } from './within.ts';

/** What takes longer beside a sweep is not waited for. Milliseconds. */
const longestSettlingMs = 10_000;
/** Milliseconds between sweeps of one process; the lease sees to it that few of them do anything. */
export const sweepEveryMs = 2_000;

export interface Sweeper extends Background {
  /**
   * Sweeps once, unless another program does, or waits for the sweep that is under way. Rejects where the sweep was cut
   * off: the next one goes on.
   */
  sweep(): Promise<void>;
  /**
   * Waits, for some seconds, for what the last sweep has begun and not waited for. A function of the cloud gets no
   * processor time for it after its answer.
   */
  settled(): Promise<void>;
}

/**
 * Sweeps in the name of one process when it is told to. The one that has the sweep's lease also writes what is true
 * of the system to where metrics are kept and merges the rollups, and one that may prewarms Cloud Run.
 */
export function createSweeper(holder: string, ports: Ports): Sweeper {
  const rollups = createRollupLeader(ports);
  const memory: SweepMemory = { ...newSweepMemory(), onSeen: rollups.observe };
  const reports = createGaugeReports(holder, ports);
  const prewarming = createPrewarming(holder, ports);
  let beside: Promise<unknown> = Promise.resolve();
  // The lease does not keep one holder from sweeping twice at a time, as two calls of one instance of a function would.
  const sweeps = singleFlight(sweep);

  async function sweep(): Promise<void> {
    let hasLease = true;
    try {
      const swept = await sweepOnce(holder, ports, memory);
      hasLease = swept !== null;
      if (swept && Object.values(swept).some((count) => count > 0)) ports.log.info(swept, 'Swept.');
    } finally {
      // A job that no sweep can help must not keep these back.
      beside = Promise.allSettled([
        ...(hasLease ? [reports.report(), rollups.run()] : []),
        prewarming.look(),
      ]);
    }
  }

  return {
    sweep: async () => sweeps.run(),
    async settled() {
      await within(longestSettlingMs, beside);
    },
    stop() {
      reports.stop();
      void rollups.stop();
      prewarming.stop();
    },
  };
}

/** Sweeps until stopped, one sweep at a time. An outage is logged and tried again at the next turn. */
export function startSweeping(holder: string, ports: Ports): Background {
  const { timers, log } = ports;
  const sweeper = createSweeper(holder, ports);
  const rounds = startRecurring({
    everyMs: sweepEveryMs,
    timers,
    round: sweeper.sweep,
    onError: (error) => log.warn({ error }, 'A sweep was cut off; the next one goes on.'),
  });
  return {
    stop() {
      sweeper.stop();
      return rounds.stop();
    },
  };
}
