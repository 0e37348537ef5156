/**
 * List prices in US dollars, without discounts. They hold for `pricedRegions`. Each was read in 2026-11, from the page
 * that is named with it or from a stored copy of that page, except disks, egress, the scheduler and what Firestore keeps:
 * those are older knowledge of the page, which has to be looked at before somebody relies on them.
 */
export const prices = {
  /** Services that are billed by request, tier 1. https://cloud.google.com/run/pricing */
  run: {
    perVcpuSecond: 0.000024,
    perGibSecond: 0.0000025,
    perRequest: 0.4 / 1_000_000,
    /** Of minimum instances while they have no request. */
    idle: { perVcpuSecond: 0.0000025, perGibSecond: 0.0000025 },
    /** Billing granularity in milliseconds. */
    stepMs: 100,
  },
  /** General-purpose e2, on demand. https://cloud.google.com/compute/vm-instance-pricing */
  vm: { perVcpuHour: 0.02181159, perGibHour: 0.00292353 },
  /** Balanced persistent disks. https://cloud.google.com/compute/disks-image-pricing */
  disk: { perGibMonth: 0.1 },
  /** https://cloud.google.com/pubsub/pricing */
  pubsub: { perTib: 40, smallestMessageBytes: 1_000 },
  /** One region. https://cloud.google.com/firestore/pricing */
  firestore: {
    perRead: 0.03 / 100_000,
    perWrite: 0.09 / 100_000,
    /** Deletes by TTL policies, too. */
    perDelete: 0.01 / 100_000,
    /** Documents and index entries. */
    perGibMonth: 0.15,
  },
  /**
   * Standard storage in one region. A simple, a multipart and a resumable upload are one operation of class A each, and so
   * is a list; a download, a look at metadata and the notification of a change are of class B; deleting is free.
   * https://cloud.google.com/storage/pricing#operations-by-class
   */
  storage: { perClassA: 0.005 / 1_000, perClassB: 0.0004 / 1_000, perGibMonth: 0.02 },
  /** From buckets to the internet, the first TiB of a month. https://cloud.google.com/storage/pricing#network-buckets */
  egress: { perGib: 0.12 },
  /** Up to 30 days in a log bucket. https://cloud.google.com/stackdriver/pricing */
  logging: { perGib: 0.5 },
  /** https://cloud.google.com/stackdriver/pricing */
  tracing: { perSpan: 0.2 / 1_000_000 },
  /**
   * Custom metrics, the first 100,000 MiB of a month. A number has 8 bytes, a distribution 80.
   * https://cloud.google.com/stackdriver/pricing
   */
  monitoring: { perMib: 0.258, bytesOfNumber: 8, bytesOfDistribution: 80 },
  /** https://cloud.google.com/scheduler/pricing */
  scheduler: { perJobMonth: 0.1 },
} as const;

/** Regions with these prices. Others cost more or were not looked up. */
export const pricedRegions = ['us-central1', 'us-east1', 'us-west1'] as const;

const daysOfMonth = 30.4;

/**
 * What Google gives away each month, from the pages above. Those of Cloud Run, logs, spans and metrics were read there,
 * the others are older knowledge of the pages. It is given to a billing account or a project as a whole, so others may
 * have used it up.
 */
export const freeEachMonth = {
  run: { vcpuSeconds: 180_000, gibSeconds: 360_000, requests: 2_000_000 },
  pubsub: { tib: 10 / 1_024 },
  firestore: {
    reads: 50_000 * daysOfMonth,
    writes: 20_000 * daysOfMonth,
    deletes: 20_000 * daysOfMonth,
    gibMonths: 1,
  },
  storage: { classA: 5_000, classB: 50_000, gibMonths: 5 },
  egress: { gib: 100 },
  logging: { gib: 50 },
  tracing: { spans: 2_500_000 },
  monitoring: { mib: 150 },
  scheduler: { jobs: 3 },
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
