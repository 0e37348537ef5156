import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
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
  if (process.platform === 'linux')
    return bytesOf(/^VmRSS:\s+(\d+) kB$/m.exec(readProc(`${pid}/status`))?.[1]);
  const { stdout } = await run('ps', ['-o', 'rss=', '-p', String(pid)]).catch(() => ({ stdout: '' }));
  return bytesOf(/\d+/.exec(stdout)?.[0]);
}

/**
 * A process and its descendants; an empty list where the process is gone. Processes that have ended are not counted.
 */
export async function processTree(root: number): Promise<ProcessUsage[]> {
  const tree = process.platform === 'linux' ? treeFromProc(root) : await treeFromPs(root);
  return Promise.all(
    tree.map(async ({ rssBytes, ...one }) => ({
      ...one,
      rssBytes: rssBytes ?? (await residentBytes(one.pid)) ?? 0,
    })),
  );
}

/** `rssBytes`: null where it has to be read separately. */
type Listed = Omit<ProcessUsage, 'rssBytes'> & { rssBytes: number | null };

/**
 * Only the tree's own files are read. Reading those of all processes took a worker, which looks every two seconds, half of
 * what it takes while it has nothing to do.
 */
function treeFromProc(root: number): Listed[] {
  const tree: Listed[] = [];
  const pids = [root];
  for (const pid of pids) {
    const listed = statFromProc(pid);
    if (listed === null) continue;
    tree.push(listed);
    pids.push(...childrenFromProc(pid));
  }
  return tree;
}

/** Null where the process is gone. */
function statFromProc(pid: number): Listed | null {
  const stat = readProc(`${pid}/stat`);
  // The name is in parentheses and may contain spaces and parentheses. The fields are those of proc_pid_stat(5).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [parent, userTicks, systemTicks] = [fields[1], fields[11], fields[12]].map(Number);
  if (parent === undefined || userTicks === undefined || systemTicks === undefined) return null;
  const cpuSeconds = (userTicks + systemTicks) / ticksPerSecond;
  return Number.isFinite(parent + cpuSeconds) ? { pid, parent, cpuSeconds, rssBytes: null } : null;
}

/** Those of each thread, because a child is listed with the thread that started it: proc_pid_task(5). */
function childrenFromProc(pid: number): number[] {
  return threadsOf(pid).flatMap((thread) =>
    readProc(`${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number),
  );
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** The kernel answers from memory, so that there is nothing to wait for; empty where the process is gone. */
function readProc(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, 'latin1');
  } catch {
    return '';
  }
}

/** Systems without /proc, such as macOS. */
async function treeFromPs(root: number): Promise<Listed[]> {
  const processes = await listFromPs();
  const tree = processes.filter(({ pid }) => pid === root);
  for (const one of tree) tree.push(...processes.filter(({ parent }) => parent === one.pid));
  return tree;
}

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
