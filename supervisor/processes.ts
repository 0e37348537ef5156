import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

export function isAlive(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Sends the signal to each process that has not ended yet. */
export function signalAll(pids: number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended already.
    }
  }
}

/** All descendants, in any process group: firebase-tools gives each emulator its own group. */
export function descendants(root: number): number[] {
  const parents = process.platform === 'linux' ? parentsFromProc() : parentsFromPs();
  const tree = [root];
  for (const parent of tree) {
    for (const [pid, ppid] of parents) if (ppid === parent) tree.push(pid);
  }
  return tree.slice(1);
}

/** The process that started this one, or the one that took its place; null where there is no such process. */
export function parentOf(pid: number): number | null {
  if (process.platform === 'linux') return parentFromProc(pid);
  const { stdout } = spawnSync('ps', ['-o', 'ppid=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() === '' ? null : Number(stdout);
}

/** Small machines, and containers, often have no `ps`. */
function parentsFromProc(): [pid: number, parent: number][] {
  return readdirSync('/proc').flatMap((name): [number, number][] => {
    const pid = Number(name);
    const parent = Number.isInteger(pid) ? parentFromProc(pid) : null;
    return parent === null ? [] : [[pid, parent]];
  });
}

function parentFromProc(pid: number): number | null {
  try {
    return Number(statFields(pid)[1]);
  } catch {
    // It has ended.
    return null;
  }
}

/**
 * What the system says of a process, from its state on. The name before that is in parentheses and may contain spaces and
 * parentheses.
 * @throws Error where there is no such process.
 * @see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
 */
function statFields(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** Systems without /proc, such as macOS. */
function parentsFromPs(): [pid: number, parent: number][] {
  const rows = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  return rows.map((row) => {
    const [pid = 0, parent = 0] = row.trim().split(/\s+/).map(Number);
    return [pid, parent];
  });
}

/**
 * When a process was started, in a form that only tells it from another with the same id; null where it has ended.
 */
export function startTimeOf(pid: number): string | null {
  try {
    if (process.platform !== 'linux') {
      return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || null;
    }
    const { 0: state, 19: startTime = null } = statFields(pid);
    return state === 'Z' ? null : startTime;
  } catch {
    return null;
  }
}
