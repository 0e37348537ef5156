import { type Recurring, startRecurring } from '@spillway/core/background.ts';
import { heartbeatKeptMs } from '@spillway/core/heartbeat.ts';
import type { Outcome } from '@spillway/pipeline/outcome.ts';
import type { InstanceReport } from '@spillway/pipeline/pictures/wire.ts';
import type { Ports } from '@spillway/pipeline/ports/ports.ts';
import { OperationStatsBook } from '@spillway/worker/operation-stats.ts';
import type { Sighting } from './remote.ts';

interface Instance {
  report: InstanceReport;
  startedAt: Date;
  seenAt: Date;
  stats: OperationStatsBook;
  /** Whether something is known that no heartbeat has said yet. */
  isNews: boolean;
}

/**
 * Writes the heartbeats of Cloud Run's instances, which know no database: each says in its answers how it is. As an instance
 * with a database does, one without requests does not beat.
 */
export interface Instances extends Pick<Recurring, 'stop' | 'runNow'> {
  seen(sighting: Sighting): void;
  /** Learns from a job. `ms`: from its message to its outcome. */
  learn(outcome: Outcome, ms: number, sighting: Sighting): void;
}

export function keepInstances(
  everyMs: number,
  { fleet, clock, timers, log }: Pick<Ports, 'fleet' | 'clock' | 'timers' | 'log'>,
): Instances {
  const instances = new Map<string, Instance>();

  function seen({ instance: report }: Sighting): Instance {
    const now = clock.now();
    const known = instances.get(report.id);
    if (known) return Object.assign(known, { report, seenAt: now, isNews: true });
    const startedAt = new Date(now.getTime() - Math.round(report.upMs));
    const stats = new OperationStatsBook(() => startedAt);
    const instance = { report, startedAt, seenAt: now, stats, isNews: true };
    instances.set(report.id, instance);
    return instance;
  }

  async function beat(instance: Instance): Promise<void> {
    const { report, startedAt, stats } = instance;
    const { upMs: _, inHandMs: __, ...own } = report;
    const state = { kind: 'run', state: 'ready' } as const;
    instance.isNews = false;
    await fleet.beat({
      ...own,
      ...state,
      inFlight: own.inFlight ?? own.busy,
      perOperation: stats.perOperation(),
      delivery: stats.delivery,
      io: stats.io,
      coldStartMs: stats.coldStartMs,
      lacks: [],
      pricePerHour: null,
      startedAt,
      expiresAt: new Date(clock.now().getTime() + heartbeatKeptMs(state)),
    });
  }

  const beats = startRecurring({
    everyMs,
    timers,
    async round() {
      const oldest = clock.now().getTime() - heartbeatKeptMs({ kind: 'run', state: 'ready' });
      for (const [id, { seenAt }] of instances) if (seenAt.getTime() < oldest) instances.delete(id);
      await Promise.all([...instances.values()].filter(({ isNews }) => isNews).map(beat));
    },
    onError: (error) => log.warn({ error }, 'A heartbeat could not be written; the next one follows.'),
  });

  return {
    seen: (sighting) => void seen(sighting),
    learn(outcome, ms, sighting) {
      seen(sighting).stats.record(outcome, ms, { deliveryMs: sighting.reachedMs });
    },
    stop: beats.stop,
    runNow: beats.runNow,
  };
}
