import { z } from 'zod';

const number = z.number().min(0).default(0);
const byTarget = z.object({ vm: number, run: number }).prefault({});

/** What the sweep's leader has seen of the system within some time: sums over its samples, but for the greatest ages. */
export const systemSampleSchema = z.object({
  samples: z.number().min(0),
  /** The greatest age of the oldest waiting job, in milliseconds. */
  oldestMs: byTarget,
  queued: byTarget,
  processing: byTarget,
  /** VMs that take work, their slots, and those of them that worked. */
  vms: number,
  slots: number,
  busy: number,
  /** Instances of Cloud Run that were heard of lately. */
  instances: number,
  /** Samples in which Cloud Run's breaker held work back. */
  paused: number,
  /** US dollars of all VMs for the time of the samples. */
  vmDollars: number,
});
export type SystemSample = z.infer<typeof systemSampleSchema>;

const sums = ['samples', 'vms', 'slots', 'busy', 'instances', 'paused', 'vmDollars'] as const;

/** Both together. */
export function addSamples(one: SystemSample | null, other: SystemSample | null): SystemSample | null {
  if (!one || !other) return one ?? other;
  const pair = (name: 'queued' | 'processing') => ({
    vm: one[name].vm + other[name].vm,
    run: one[name].run + other[name].run,
  });
  const oldestMs = {
    vm: Math.max(one.oldestMs.vm, other.oldestMs.vm),
    run: Math.max(one.oldestMs.run, other.oldestMs.run),
  };
  const summed = Object.fromEntries(sums.map((name) => [name, one[name] + other[name]]));
  return systemSampleSchema.parse({
    ...summed,
    oldestMs,
    queued: pair('queued'),
    processing: pair('processing'),
  });
}
