import { z } from 'zod';
import type { Heartbeat } from '../heartbeat.ts';
import { type Target, targetSchema } from '../job.ts';

const number = z.number().min(0).default(0);

/** What the heartbeats of one worker have said within some time: sums over them, and the greatest values. Shares are 0..1. */
export const machineSchema = z.object({
  kind: targetSchema,
  beats: z.number().min(0),
  /** Load of the machine's processors. */
  cpu: number,
  mostCpu: number,
  /** Share of the machine's processors that the worker's own processes took. */
  ownCpu: number,
  /** Used share of the machine's memory. */
  memory: number,
  mostMemory: number,
  /** Bytes of the worker's own processes. */
  ownBytes: number,
  slots: number,
  busy: number,
});
export type Machine = z.infer<typeof machineSchema>;

/** Machines of one record. Those that beat most often are kept. */
export const mostMachines = 200;

export type Machines = Map<string, Machine>;

export function machineOf({ kind, cpu, memory, process, slots, busy }: Heartbeat): Machine {
  const used = memory.totalBytes > 0 ? memory.usedBytes / memory.totalBytes : 0;
  return {
    kind: kind satisfies Target,
    beats: 1,
    cpu: cpu.load,
    mostCpu: cpu.load,
    ownCpu: Math.min(1, process.cpu / Math.max(1, cpu.perCore.length)),
    memory: used,
    mostMemory: used,
    ownBytes: process.rssBytes,
    slots,
    busy: Math.min(slots, busy),
  };
}

const sums = ['beats', 'cpu', 'ownCpu', 'memory', 'ownBytes', 'slots', 'busy'] as const;
const greatest = ['mostCpu', 'mostMemory'] as const;

/** Adds `others`. It changes the first map. */
export function addMachines(machines: Machines, others: Machines): void {
  for (const [id, other] of others) {
    const before = machines.get(id);
    if (!before) {
      machines.set(id, { ...other });
      continue;
    }
    for (const name of sums) before[name] += other[name];
    for (const name of greatest) before[name] = Math.max(before[name], other[name]);
  }
  keepOftenest(machines, mostMachines);
}

/** Leaves out those that beat least often, until no more than `most` are left. */
export function keepOftenest(machines: Machines, most: number): void {
  if (machines.size <= most) return;
  const rarest = [...machines].sort(([, a], [, b]) => a.beats - b.beats);
  for (const [id] of rarest.slice(0, machines.size - most)) machines.delete(id);
}

/** Pairs, because an id may be a name that objects have of their own. */
export const machinesSchema = z
  .array(z.tuple([z.string(), machineSchema]))
  .default([])
  .transform((pairs): Machines => new Map(pairs));

export function machinesDocument(machines: Machines): [string, Machine][] {
  return [...machines].map(([id, machine]) => [id, shortened(machine)]);
}

/** Five digits are enough for a chart. */
function shortened(machine: Machine): Machine {
  const short = (value: number) => Number(value.toPrecision(5));
  return {
    ...machine,
    ...Object.fromEntries([...sums, ...greatest].map((name) => [name, short(machine[name])])),
  };
}
