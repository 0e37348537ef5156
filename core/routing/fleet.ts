import type { Worker } from '../heartbeat.ts';
import type { RoutingSettings } from '../settings.ts';

/** VMs that take new work: ready, and heard of lately. */
export function liveVms(workers: Worker[], settings: RoutingSettings): Worker[] {
  return workers.filter(
    (worker) => worker.kind === 'vm' && worker.state === 'ready' && worker.ageMs <= settings.vm.liveWithinMs,
  );
}

/** Cloud Run instances that have lately been seen and were not stopping. */
export function warmInstances(workers: Worker[], settings: RoutingSettings): Worker[] {
  return workers.filter(
    (worker) =>
      worker.kind === 'run' && worker.state === 'ready' && worker.ageMs <= settings.run.warmWithinMs,
  );
}
