import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';

export interface Usage {
  /** Processor time since each process began, in seconds. */
  cpuSeconds: number;
  rssBytes: number;
}

/** Processor time and resident memory of a process and all below it; what has ended meanwhile is not counted. */
export function usageOfTree(root: number): Usage {
  const tree = processTree(root);
  return {
    cpuSeconds: tree.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    rssBytes: tree.reduce((sum, { rssBytes }) => sum + rssBytes, 0),
  };
}

function processTree(root: number): (Usage & { pid: number })[] {
  const rows = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,rss=,cputimes='], { encoding: 'utf8' });
  const processes = rows
    .trim()
    .split('\n')
    .map((row) => {
      const [pid = 0, parent = 0, rssKib = 0, cpuSeconds = 0] = row.trim().split(/\s+/).map(Number);
      return { pid, parent, rssBytes: rssKib * 1_024, cpuSeconds };
    });
  const tree = processes.filter(({ pid }) => pid === root);
  for (const one of tree) tree.push(...processes.filter(({ parent }) => parent === one.pid));
  return tree;
}

/** The most resident memory that a process has had so far, in bytes; null where the system does not tell. */
export async function peakBytes(pid: number | undefined): Promise<number | null> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) * 1024;
}
