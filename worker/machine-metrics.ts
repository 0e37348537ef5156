import { type CpuInfo, cpus, freemem, totalmem } from 'node:os';
import type { Heartbeat } from '@spillway/core/heartbeat.ts';
import { awakeMs } from '@spillway/processing/awake-time.ts';
import { bytesIn } from '@spillway/processing/folder-size.ts';
import { type ProcessUsage, processTree } from '@spillway/processing/process-tree.ts';

export type MachineMetrics = Pick<Heartbeat, 'cpu' | 'memory' | 'process'>;

/** Until the machine was read once, which fails for example where no file handle is left. */
export const unknownMetrics: MachineMetrics = {
  cpu: { load: 0, perCore: [] },
  memory: { totalBytes: 0, usedBytes: 0 },
  process: { cpu: 0, rssBytes: 0, count: 0 },
};

/**
 * Reads the use of the machine's processors and memory, and the part of it that is the process tree under `root`.
 * On a machine that several workers share, only the tree tells them apart. Loads are means since the last reading.
 * @param root This process, or one that began with it.
 * @param memoryFolder A folder whose files are in memory, and count as the tree's; null where no file is.
 */
export function createMachineMeter(
  root: number,
  memoryFolder: string | null = null,
): () => Promise<MachineMetrics> {
  let cores = cpus();
  let tree: ProcessUsage[] = [];
  // Both begin when this process does, and stand still with it.
  let readAt = 0;
  return async () => {
    const [coresBefore, treeBefore, readBefore] = [cores, tree, readAt];
    const [processes, fileBytes] = await Promise.all([
      processTree(root),
      memoryFolder === null ? 0 : bytesIn(memoryFolder),
    ]);
    tree = processes;
    cores = cpus();
    readAt = awakeMs();
    const perCore = cores.map((core, index) => loadSince(core, coresBefore[index]));
    const totalBytes = totalmem();
    return {
      cpu: { load: mean(perCore), perCore },
      // Free is what the system could give to a program, its caches included.
      memory: { totalBytes, usedBytes: totalBytes - freemem() },
      process: {
        cpu: cpuSecondsSince(tree, treeBefore) / Math.max(0.001, (readAt - readBefore) / 1_000),
        rssBytes: tree.reduce((sum, { rssBytes }) => sum + rssBytes, fileBytes),
        count: tree.length,
      },
    };
  };
}

/** Share of a core's time between two readings that was not idle. */
function loadSince({ times }: CpuInfo, before: CpuInfo | undefined): number {
  const idle = times.idle - (before?.times.idle ?? 0);
  const all = totalOf(times) - (before ? totalOf(before.times) : 0);
  return all <= 0 ? 0 : Math.min(1, Math.max(0, 1 - idle / all));
}

function totalOf({ user, nice, sys, idle, irq }: CpuInfo['times']): number {
  return user + nice + sys + idle + irq;
}

/** A process that has ended is left out, because its processor time is not known any more. */
function cpuSecondsSince(tree: ProcessUsage[], before: ProcessUsage[]): number {
  const usedBefore = new Map(before.map(({ pid, cpuSeconds }) => [pid, cpuSeconds]));
  const used = tree.map(({ pid, cpuSeconds }) => Math.max(0, cpuSeconds - (usedBefore.get(pid) ?? 0)));
  return used.reduce((sum, seconds) => sum + seconds, 0);
}

function mean(values: number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
