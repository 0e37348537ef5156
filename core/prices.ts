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
    /** Of minimum instances while they have no request. */
    idle: { perVcpuSecond: 0.0000025, perGibSecond: 0.0000025 },
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

export interface RunPrices {
  perVcpuSecond: number;
  perGibSecond: number;
  perRequest: number;
}

/** US dollars that Cloud Run bills for a request of `ms` milliseconds on an instance without other requests. */
export function runCost(ms: number, shape: MachineShape, runPrices: RunPrices = prices.run): number {
  const seconds = (Math.ceil(ms / prices.run.stepMs) * prices.run.stepMs) / 1_000;
  const perSecond = shape.vcpus * runPrices.perVcpuSecond + shape.memoryGib * runPrices.perGibSecond;
  return seconds * perSecond + runPrices.perRequest;
}

/** US dollars per hour that a minimum instance of Cloud Run has no request. */
export function idleRunCostPerHour({ vcpus, memoryGib }: MachineShape): number {
  const { perVcpuSecond, perGibSecond } = prices.run.idle;
  return 3_600 * (vcpus * perVcpuSecond + memoryGib * perGibSecond);
}

/** US dollars per hour of a VM, busy or idle. */
export function vmCostPerHour(shape: MachineShape): number {
  return shape.vcpus * prices.vm.perVcpuHour + shape.memoryGib * prices.vm.perGibHour;
}

/**
 * US dollars that a job costs on either target: its operations on storage, database and queue. `docs/routing.md` counts
 * them.
 */
export const costOfOneJob: number =
  // Writes: result and receipt. Reads: the download.
  2 * prices.storage.perClassA +
  prices.storage.perClassB +
  // Writes: created, decided, published, claimed, ended, announced. Reads: documents and sums of router and worker.
  6 * prices.firestore.perWrite +
  12 * prices.firestore.perRead +
  // The upload's event, the message and the event of the end, each published and delivered.
  (6 * prices.pubsub.smallestMessageBytes * prices.pubsub.perTib) / 2 ** 40;
