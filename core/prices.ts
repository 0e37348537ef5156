/**
 * List prices in US dollars, region us-central1, without free tiers.
 * Sources, read 2026-11: https://cloud.google.com/run/pricing, https://cloud.google.com/compute/vm-instance-pricing,
 * https://cloud.google.com/pubsub/pricing, https://cloud.google.com/firestore/pricing,
 * https://cloud.google.com/storage/pricing.
 */
export const prices = {
  run: {
    perVcpuSecond: 0.000024,
    perGibSecond: 0.0000025,
    perRequest: 0.4 / 1_000_000,
    /** Billing granularity in milliseconds. */
    stepMs: 100,
  },
  /** General-purpose e2, on demand. */
  vm: { perVcpuHour: 0.02181159, perGibHour: 0.00292353 },
  pubsub: { perTib: 40, smallestMessageBytes: 1_000 },
  firestore: { perRead: 0.03 / 100_000, perWrite: 0.09 / 100_000, perDelete: 0.01 / 100_000 },
  storage: { perClassA: 0.005 / 1_000, perClassB: 0.0004 / 1_000, perGibMonth: 0.02 },
} as const;

export interface MachineShape {
  vcpus: number;
  memoryGib: number;
}

/** Dollars that Cloud Run bills for one request of `ms` milliseconds on an instance that serves it alone. */
export function runCost(ms: number, shape: MachineShape): number {
  const seconds = (Math.ceil(ms / prices.run.stepMs) * prices.run.stepMs) / 1_000;
  const perSecond = shape.vcpus * prices.run.perVcpuSecond + shape.memoryGib * prices.run.perGibSecond;
  return seconds * perSecond + prices.run.perRequest;
}

/** Dollars per hour for a VM that is on, busy or not. */
export function vmCostPerHour(shape: MachineShape): number {
  return shape.vcpus * prices.vm.perVcpuHour + shape.memoryGib * prices.vm.perGibHour;
}
