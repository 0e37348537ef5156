import type { RoutingSettings } from '../settings.ts';
import type { FleetMember } from './fleet-summary.ts';

/** Of VMs whose beats are late together, this share puts the fleet in doubt. Of fewer than ten that is all of them. */
const nearlyAll = 0.9;
/**
 * Two VMs that fall silent at the same time have more likely lost the database than their lives. One alone tells nothing
 * of the database, and to wait for a VM that is gone costs deadlines, where Cloud Run costs a hundredth of a cent.
 */
const leastInDoubt = 2;

/** VMs that take new work: ready, and alive as far as their heartbeats tell. */
export function liveVms<Member extends FleetMember>(
  workers: readonly Member[],
  settings: RoutingSettings,
): Member[] {
  const withinMs = isInDoubt(workers, settings) ? doubtWithinMs(settings) : settings.vm.liveWithinMs;
  return readyVms(workers, withinMs);
}

/**
 * Whether the heartbeats of all VMs, or of nearly all, are late together. A slow phase of the database does that, and
 * nothing that happens to single VMs: they are believed to live until `vm.doubtWithinMs`. A VM that has been silent for
 * longer than that is gone and says nothing of the others.
 */
export function isInDoubt(workers: readonly FleetMember[], settings: RoutingSettings): boolean {
  const heardOf = readyVms(workers, doubtWithinMs(settings));
  const late = heardOf.filter(({ ageMs }) => ageMs > settings.vm.liveWithinMs);
  return heardOf.length >= leastInDoubt && late.length >= nearlyAll * heardOf.length;
}

/** Settings of an earlier version may have a longer `liveWithinMs`. */
function doubtWithinMs({ vm }: RoutingSettings): number {
  return Math.max(vm.liveWithinMs, vm.doubtWithinMs);
}

function readyVms<Member extends FleetMember>(workers: readonly Member[], withinMs: number): Member[] {
  return workers.filter(({ kind, state, ageMs }) => kind === 'vm' && state === 'ready' && ageMs <= withinMs);
}
