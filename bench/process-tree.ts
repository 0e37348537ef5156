import { readFile } from 'node:fs/promises';
import { processTree } from '../processing/process-tree.ts';

export interface Usage {
  /** Processor time since each process began, in seconds. */
  cpuSeconds: number;
  rssBytes: number;
}

/** Processor time and resident memory of a process and its descendants, without those that have ended. */
export async function usageOfTree(root: number): Promise<Usage> {
  const tree = await processTree(root);
  return {
    cpuSeconds: tree.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    rssBytes: tree.reduce((sum, { rssBytes }) => sum + rssBytes, 0),
  };
}

/** Peak resident memory of a process so far, in bytes; null if the system does not tell. */
export async function peakBytes(pid: number | undefined): Promise<number | null> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) * 1024;
}
