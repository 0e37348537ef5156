import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface ProcessUsage {
  pid: number;
  parent: number;
  /** Resident memory. */
  rssBytes: number;
  /** Processor time since the process began. */
  cpuSeconds: number;
}

/** The unit of processor time in /proc (USER_HZ). It does not depend on the kernel's own tick. */
const ticksPerSecond = 100;

/**
 * Resident memory of a process in bytes; null where the process is gone. Virtual memory would mislead: Node with sharp
 * reserves 1.8 GB of address space that it never uses.
 */
export async function residentBytes(pid: number): Promise<number | null> {
  if (process.platform === 'linux') return bytesOf(/^VmRSS:\s+(\d+) kB$/m.exec(statusOf(pid))?.[1]);
  const { stdout } = await run('ps', ['-o', 'rss=', '-p', String(pid)]).catch(() => ({ stdout: '' }));
  return bytesOf(/\d+/.exec(stdout)?.[0]);
}

/** The kernel answers from memory, so that there is nothing to wait for; empty where the process is gone. */
function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'latin1');
  } catch {
    return '';
  }
}

/**
 * A process and its descendants; an empty list where the process is gone. Processes that have ended are not counted.
 */
export async function processTree(root: number): Promise<ProcessUsage[]> {
  const processes = process.platform === 'linux' ? await listFromProc() : await listFromPs();
  const tree = processes.filter(({ pid }) => pid === root);
  for (const one of tree) tree.push(...processes.filter(({ parent }) => parent === one.pid));
  return Promise.all(
    tree.map(async ({ rssBytes, ...one }) => ({
      ...one,
      rssBytes: rssBytes ?? (await residentBytes(one.pid)) ?? 0,
    })),
  );
}

/** `rssBytes`: null where it has to be read separately. */
type Listed = Omit<ProcessUsage, 'rssBytes'> & { rssBytes: number | null };

async function listFromProc(): Promise<Listed[]> {
  const names = await readdir('/proc');
  const stats = names
    .filter((name) => /^\d+$/.test(name))
    .map(async (name) => ({
      pid: Number(name),
      // A process may end at any time.
      stat: await readFile(`/proc/${name}/stat`, 'utf8').catch(() => ''),
    }));
  return (await Promise.all(stats)).flatMap(({ pid, stat }) => {
    // The name is in parentheses and may contain spaces and parentheses. The fields are those of proc_pid_stat(5).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [parent, userTicks, systemTicks] = [fields[1], fields[11], fields[12]].map(Number);
    if (parent === undefined || userTicks === undefined || systemTicks === undefined) return [];
    const cpuSeconds = (userTicks + systemTicks) / ticksPerSecond;
    return Number.isFinite(parent + cpuSeconds) ? [{ pid, parent, cpuSeconds, rssBytes: null }] : [];
  });
}

/** Systems without /proc, such as macOS. */
async function listFromPs(): Promise<Listed[]> {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=,rss=,time=']);
  return stdout.split('\n').flatMap((row) => {
    const [pid, parent, rss, time] = row.trim().split(/\s+/);
    if (!pid || !parent || !time) return [];
    return [
      { pid: Number(pid), parent: Number(parent), cpuSeconds: secondsOf(time), rssBytes: bytesOf(rss) },
    ];
  });
}

/** @param time `mm:ss.cc` or `hh:mm:ss`, as ps writes it. */
function secondsOf(time: string): number {
  return time.split(':').reduce((seconds, part) => seconds * 60 + Number(part), 0);
}

function bytesOf(kilobytes: string | undefined): number | null {
  return kilobytes === undefined ? null : Number(kilobytes) * 1_024;
}
