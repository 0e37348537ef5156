import type { Worker } from '../heartbeat.ts';
import { isOperationName } from '../operations.ts';
import type { RoutingSettings } from '../settings.ts';
import type { LearnedServices } from './service-times.ts';

/** VMs that take new work: ready, and heard of lately. */
export function liveVms(workers: readonly Worker[], settings: RoutingSettings): Worker[] {
  return workers.filter(
    (worker) => worker.kind === 'vm' && worker.state === 'ready' && worker.ageMs <= settings.vm.liveWithinMs,
  );
}

/** Cloud Run instances that may still be there: seen lately, and not stopping. */
export function warmInstances(workers: readonly Worker[], settings: RoutingSettings): Worker[] {
  return workers.filter(
    (worker) =>
      worker.kind === 'run' && worker.state === 'ready' && worker.ageMs <= settings.run.warmWithinMs,
  );
}

export function slotsOf(workers: readonly Worker[]): number {
  return workers.reduce((sum, { slots }) => sum + slots, 0);
}

/**
 * 0 to 1: that a push meets no free warm slot, given so many jobs on Cloud Run before it. An idle instance does not
 * beat (it has no processor between requests), so the longer one was silent, the less it counts.
 */
export function chanceOfColdStart(
  warm: readonly Worker[],
  jobsBefore: number,
  { run, vm }: RoutingSettings,
): number {
  const expected = warm.reduce((sum, { slots, ageMs }) => {
    const silentMs = Math.max(0, ageMs - vm.liveWithinMs);
    return sum + slots * (1 - silentMs / run.warmWithinMs);
  }, 0);
  return Math.min(1, Math.max(0, jobsBefore + 1 - expected));
}

/** What a worker has learned, by operation, from its heartbeat. */
export function learnedBy(worker: Worker): LearnedServices {
  const learned: LearnedServices = {};
  for (const [operation, stats] of Object.entries(worker.perOperation)) {
    if (isOperationName(operation) && stats.learned) learned[operation] = stats.learned;
  }
  return learned;
}
