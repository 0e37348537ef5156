import type { Heartbeat } from '@spillway/core/heartbeat.ts';
import { currentLoad, mem, processes, type Systeminformation } from 'systeminformation';

export type MachineMetrics = Pick<Heartbeat, 'cpu' | 'memory' | 'process'>;

/**
 * Processors and memory of this machine, and the share of them that the process tree under `root` uses. Loads are
 * means since the last call. On a machine that several workers share, only the tree tells them apart.
 */
export async function readMachineMetrics(root: number): Promise<MachineMetrics> {
  const [load, memory, running] = await Promise.all([currentLoad(), mem(), processes()]);
  const tree = processTree(running.list, root);
  const cores = load.cpus.length;
  return {
    cpu: { load: share(load.currentLoad), perCore: load.cpus.map((core) => share(core.load)) },
    memory: { totalBytes: memory.total, usedBytes: memory.total - memory.available },
    process: {
      // systeminformation gives each process's percentage of all cores together.
      cpu: (sum(tree, ({ cpu }) => cpu) / 100) * cores,
      rssBytes: sum(tree, ({ memRss }) => memRss) * 1_024,
      count: tree.length,
    },
  };
}

function processTree(
  list: Systeminformation.ProcessesProcessData[],
  root: number,
): Systeminformation.ProcessesProcessData[] {
  const tree = list.filter(({ pid }) => pid === root);
  for (const parent of tree) tree.push(...list.filter(({ parentPid }) => parentPid === parent.pid));
  return tree;
}

function sum<Item>(items: Item[], value: (item: Item) => number): number {
  return items.reduce((total, item) => total + (value(item) || 0), 0);
}

function share(percent: number): number {
  return Math.max(0, percent || 0) / 100;
}
