import type { Heartbeat } from '../heartbeat.ts';
import type { Job } from '../job.ts';
import { prices, vmCostPerHour } from '../prices.ts';
import type { RoutingSettings } from '../settings.ts';

/**
 * Milliseconds that Cloud Run bills for a job that succeeded, by what it took: from the claim to the outcome, rounded up.
 * A request is billed as if it had its instance to itself; where an instance takes several at a time, Google bills less.
 * Null for a job whose time is not known.
 * @see https://cloud.google.com/run/pricing
 */
export function billedMsOf({ timings }: Job): number | null {
  if (!timings) return null;
  const { downloadMs, slotWaitMs, processMs, storeMs } = timings;
  const ms =
    Math.max(0, downloadMs) + Math.max(0, slotWaitMs) + Math.max(0, processMs) + Math.max(0, storeMs);
  return Math.ceil(ms / prices.run.stepMs) * prices.run.stepMs;
}

/** US dollars of Cloud Run for so many milliseconds and requests. */
export function runDollarsOf(
  { billedMs, billed }: { billedMs: number; billed: number },
  { run, prices: each }: Pick<RoutingSettings, 'run' | 'prices'>,
): number {
  const perSecond = run.vcpus * each.perVcpuSecond + run.memoryGib * each.perGibSecond;
  return (billedMs / 1_000) * perSecond + billed * each.perRequest;
}

const gibibyte = 2 ** 30;

/**
 * US dollars per hour of a VM as it is now. One of a cloud costs the same busy or idle, by its processors and memory; a
 * machine that says a price of its own costs it for the share of its slots that work.
 */
export function vmDollarsPerHour(
  vm: Pick<Heartbeat, 'cpu' | 'memory' | 'pricePerHour' | 'busy' | 'slots'>,
): number {
  if (vm.pricePerHour !== null)
    return vm.pricePerHour * (vm.slots === 0 ? 0 : Math.min(1, vm.busy / vm.slots));
  return vmCostPerHour({ vcpus: vm.cpu.perCore.length, memoryGib: vm.memory.totalBytes / gibibyte });
}
