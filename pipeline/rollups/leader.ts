import { type Background, singleFlight } from '@spillway/core/background.ts';
import type { Target } from '@spillway/core/job.ts';
import { addSeen, nothingSeen, type Seen } from '@spillway/core/rollups/document.ts';
import { recordMs, startOf } from '@spillway/core/rollups/levels.ts';
import { addMachines, type Machines, machineOf } from '@spillway/core/rollups/machines.ts';
import { vmDollarsPerHour } from '@spillway/core/rollups/measured-cost.ts';
import { recordForms } from '@spillway/core/rollups/rollup.ts';
import type { SystemSample } from '@spillway/core/rollups/system-sample.ts';
import { takesWork } from '@spillway/core/routing/breakers.ts';
import { liveVms } from '@spillway/core/routing/liveness.ts';
import { warmInstances } from '@spillway/core/routing/state.ts';
import type { Awaitable } from '@spillway/core/steps.ts';
import type { ConditionsNow } from '../conditions.ts';
import type { Stored } from '../ports/jobs.ts';
import type { Ports } from '../ports/ports.ts';
import { addUp } from './add-up.ts';
import { readAlerts } from './current-alerts.ts';
import { logAlerts } from './log-alerts.ts';
import { mergeShards } from './merge-shards.ts';

/** Milliseconds from one to the next. */
const everyMs = { merge: 10_000, alerts: 20_000, sample: 60_000 } as const;
/** One call merges no more than this number of times. */
const mostMerges = 5;
const hourMs = 3_600_000;

/** What the sweep's leader does for the rollups. */
export interface RollupLeader extends Background {
  /** Takes in what the leader has just seen of the world: its reading of all heartbeats costs nothing more. */
  observe(seen: ConditionsNow): void;
  /** To be called after each sweep that had the lease, and not to be waited for. Never rejects. */
  run(): Awaitable<void>;
}

/**
 * Merges the shards of all programs, takes samples of the system, keeps the log of alerts, and adds up what is over. Two
 * leaders that overlap for a moment do no harm: what one has read and another has changed is not written.
 */
export function createRollupLeader(ports: Ports): RollupLeader {
  const { clock, log } = ports;
  const doneAt = { merge: 0, alerts: 0, sample: 0 };
  let latest: ConditionsNow | null = null;
  let machines: Machines = new Map();
  /** Seen by the leader itself and not merged yet. */
  let own: Seen = nothingSeen();
  let stopped = false;
  let isWarnedOf = false;

  function isDue(task: keyof typeof doneAt): boolean {
    const now = clock.now().getTime();
    // A clock that was set back must not hold up anything.
    if (Math.abs(now - doneAt[task]) < everyMs[task]) return false;
    doneAt[task] = now;
    return true;
  }

  const flight = singleFlight(async () => {
    if (stopped || !isDue('merge')) return;
    try {
      if (latest && isDue('sample')) await sample(latest);
      await merge();
      if (latest && isDue('alerts')) await logAlerts(await readAlerts(latest, ports), ports);
      await addUp(ports);
      isWarnedOf = false;
    } catch (error) {
      if (!stopped && !isWarnedOf)
        log.warn({ error }, 'The rollups could not be merged; the next sweep goes on.');
      isWarnedOf = true;
    }
  });

  async function merge(): Promise<void> {
    for (let merges = 0; merges < mostMerges; merges++) {
      const merging = own;
      own = nothingSeen();
      let hasMore: boolean;
      try {
        hasMore = await mergeShards(merging, ports);
      } catch (error) {
        addSeen(own, merging);
        throw error;
      }
      if (!hasMore) return;
    }
  }

  async function sample(seen: ConditionsNow): Promise<void> {
    const system = await readSample(seen, ports);
    const minute = startOf(recordMs.minutes, clock.now()).getTime();
    const sampled = nothingSeen();
    sampled.jobs.set(minute, { ...recordForms.jobs.empty(), system });
    if (machines.size > 0) sampled.machines.set(minute, machines);
    machines = new Map();
    addSeen(own, sampled);
  }

  return {
    observe(seen) {
      latest = seen;
      const beats = seen.workers.filter(({ ageMs }) => ageMs <= seen.settings.vm.liveWithinMs);
      addMachines(machines, new Map(beats.map((worker) => [worker.id, machineOf(worker)])));
    },
    run: flight.run,
    stop() {
      stopped = true;
      return flight.landed();
    },
  };
}

/** What is true of the system now: it reads two jobs, and one index entry in a thousand for counts. */
async function readSample(
  { workers, settings, state, now }: ConditionsNow,
  { backlog, feed }: Ports,
): Promise<SystemSample> {
  const [vm, run, open] = await Promise.all([
    backlog.oldestWaiting('vm'),
    backlog.oldestWaiting('run'),
    feed.countOpen(),
  ]);
  const live = liveVms(workers, settings);
  const each = (what: 'queued' | 'processing'): Record<Target, number> => ({
    vm: open.vm[what],
    run: open.run[what],
  });
  const present = workers.filter(
    ({ kind, state: at, ageMs }) => kind === 'vm' && at !== 'stopped' && ageMs <= settings.vm.liveWithinMs,
  );
  const perHour = present.reduce((sum, worker) => sum + vmDollarsPerHour(worker), 0);
  return {
    samples: 1,
    oldestMs: { vm: ageOf(vm), run: ageOf(run) },
    queued: each('queued'),
    processing: each('processing'),
    vms: live.length,
    slots: live.reduce((sum, { slots }) => sum + slots, 0),
    busy: live.reduce((sum, { slots, busy }) => sum + Math.min(slots, busy), 0),
    instances: warmInstances(workers, settings).length,
    paused: takesWork(state.breaker, now) ? 0 : 1,
    vmDollars: (perHour * everyMs.sample) / hourMs,
  };
}

/** Milliseconds, by the database's clock alone. */
function ageOf(oldest: Stored | null): number {
  return oldest ? Math.max(0, oldest.readAt.getTime() - oldest.job.createdAt.getTime()) : 0;
}
