import { freeEachMonth as free, prices } from '@spillway/core/prices.ts';

interface MeterDefinition {
  unit: string;
  /** US dollars for one of it. */
  usd: number;
  /** Of it that costs nothing each month. */
  free: number;
}

/** What Google counts and bills, by the price list of core/prices.ts. */
export const meters = {
  vcpuSeconds: { unit: 'vCPU-s', usd: prices.run.perVcpuSecond, free: free.run.vcpuSeconds },
  gibSeconds: { unit: 'GiB-s', usd: prices.run.perGibSecond, free: free.run.gibSeconds },
  requests: { unit: 'requests', usd: prices.run.perRequest, free: free.run.requests },
  vmVcpuHours: { unit: 'vCPU-h', usd: prices.vm.perVcpuHour, free: 0 },
  vmGibHours: { unit: 'GiB-h', usd: prices.vm.perGibHour, free: 0 },
  diskGibMonths: { unit: 'GiB-months', usd: prices.disk.perGibMonth, free: 0 },
  reads: { unit: 'reads', usd: prices.firestore.perRead, free: free.firestore.reads },
  writes: { unit: 'writes', usd: prices.firestore.perWrite, free: free.firestore.writes },
  deletes: { unit: 'deletes', usd: prices.firestore.perDelete, free: free.firestore.deletes },
  documentGibMonths: {
    unit: 'GiB-months',
    usd: prices.firestore.perGibMonth,
    free: free.firestore.gibMonths,
  },
  messageTib: { unit: 'TiB', usd: prices.pubsub.perTib, free: free.pubsub.tib },
  classA: { unit: 'class A', usd: prices.storage.perClassA, free: free.storage.classA },
  classB: { unit: 'class B', usd: prices.storage.perClassB, free: free.storage.classB },
  storedGibMonths: { unit: 'GiB-months', usd: prices.storage.perGibMonth, free: free.storage.gibMonths },
  egressGib: { unit: 'GiB', usd: prices.egress.perGib, free: free.egress.gib },
  logGib: { unit: 'GiB', usd: prices.logging.perGib, free: free.logging.gib },
  spans: { unit: 'spans', usd: prices.tracing.perSpan, free: free.tracing.spans },
  metricMib: { unit: 'MiB', usd: prices.monitoring.perMib, free: free.monitoring.mib },
  schedules: { unit: 'schedules', usd: prices.scheduler.perJobMonth, free: free.scheduler.jobs },
} as const satisfies Record<string, MeterDefinition>;
export type Meter = keyof typeof meters;

export const parts = [
  'Cloud Run, worker',
  'VMs',
  'Functions',
  'Firestore, reads',
  'Firestore, writes',
  'Firestore, deletes',
  'Firestore, kept',
  'Pub/Sub',
  'Storage, operations',
  'Storage, kept',
  'Egress',
  'Logs',
  'Traces',
  'Metrics',
  'Scheduler',
] as const;
export type Part = (typeof parts)[number];

/** So much of a meter in a month. */
export interface Usage {
  part: Part;
  meter: Meter;
  quantity: number;
}

export interface Bill {
  /** US dollars by part, by the price list. */
  byPart: Record<Part, number>;
  /** Their sum. */
  total: number;
  /** The sum if all that Google gives away is there. */
  afterFree: number;
}

export function billOf(usage: readonly Usage[]): Bill {
  const byPart = Object.fromEntries(parts.map((part) => [part, 0])) as Record<Part, number>;
  const used = new Map<Meter, number>();
  for (const { part, meter, quantity } of usage) {
    byPart[part] += quantity * meters[meter].usd;
    used.set(meter, (used.get(meter) ?? 0) + quantity);
  }
  const afterFree = [...used].reduce(
    (sum, [meter, quantity]) => sum + Math.max(0, quantity - meters[meter].free) * meters[meter].usd,
    0,
  );
  return { byPart, total: Object.values(byPart).reduce((sum, usd) => sum + usd, 0), afterFree };
}
