import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { watchInstanceMemory } from './instance-memory.ts';

const mebibyte = 1_024 * 1_024;
/** Time between two tries of the start-up probe. Milliseconds. */
const probeEveryMs = 20;

export interface InstanceSpec {
  /** Arguments of node: what to preload, and the program. */
  arguments: string[];
  environment: Record<string, string>;
  /** The folder that it is started in. */
  workdir: string;
  /** 127.0.0.1's port that the program listens on when it is ready. */
  port: number;
  /** The container's own file system. */
  folder: string;
  /** Whether it stands still between requests. */
  freezes: boolean;
  /** Of its process tree and files; null where there is no limit. */
  memoryLimitBytes: number | null;
}

/** One container of the Cloud Run stand-in: a process tree of its own. */
export interface RunInstance {
  readonly pid: number | undefined;
  /** Resolves when the program listens, as Cloud Run's default start-up probe asks; rejects if it ends before. */
  readonly ready: Promise<void>;
  /** Resolves when it has ended, however that came. */
  readonly ended: Promise<void>;
  /** A request begins, and it runs. */
  thaw(): void;
  /** No request is in flight, and it gets no processor time. */
  freeze(): void;
  /** Sends SIGTERM, and SIGKILL after this long. Resolves when it has ended. Milliseconds. */
  end(killAfterMs: number): Promise<void>;
}

/**
 * Starts an instance in a process group of its own, which is stopped and continued as one.
 * @see https://cloud.google.com/run/docs/container-contract#lifecycle
 */
export function startInstance(spec: InstanceSpec, say: (line: string) => void): RunInstance {
  const child = spawn(process.execPath, spec.arguments, {
    cwd: spec.workdir,
    env: spec.environment,
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  // Without a listener an error would end the stand-in. Its end tells what it means.
  child.on('error', () => {});
  const ended = endOf(child);
  const letGo = endWithStandIn(child);
  const stopWatching = watchMemory(child, spec, say);
  let frozen = false;
  let over = false;

  function thaw(): void {
    if (frozen) signalGroup(child.pid, 'SIGCONT');
    frozen = false;
  }

  void ended.then(() => {
    over = true;
    stopWatching();
    // With the first process of a container all others end.
    signalGroup(child.pid, 'SIGKILL');
    letGo();
  });
  const ready = probe(spec.port, () => over);
  // It may be ended while nobody waits for it.
  ready.catch(() => {});
  return {
    pid: child.pid,
    ready,
    ended,
    thaw,
    freeze() {
      if (spec.freezes && !frozen) signalGroup(child.pid, 'SIGSTOP');
      frozen = spec.freezes;
    },
    async end(killAfterMs) {
      // It gets processor time for its goodbye.
      thaw();
      child.kill('SIGTERM');
      const timer = setTimeout(() => signalGroup(child.pid, 'SIGKILL'), killAfterMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

async function endOf(child: ChildProcess): Promise<void> {
  // A process that could not be started has an error and no exit.
  await Promise.race([once(child, 'exit'), once(child, 'error')]).catch(() => {});
}

/** Waits until somebody listens. */
async function probe(port: number, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    if (await listens(port)) return;
    await delay(probeEveryMs);
  }
  throw new Error('It ended before it was ready.');
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

function watchMemory(
  { pid }: ChildProcess,
  { folder, memoryLimitBytes }: InstanceSpec,
  say: (line: string) => void,
): () => void {
  if (pid === undefined || memoryLimitBytes === null) return () => {};
  return watchInstanceMemory({ pid, folder, limitBytes: memoryLimitBytes }, (used) => {
    const [limit, all] = [memoryLimitBytes, used].map((bytes) => Math.ceil(bytes / mebibyte));
    say(`Memory limit of ${limit} MiB exceeded with ${all} MiB used: the instance is ended.`);
    signalGroup(pid, 'SIGKILL');
  });
}

/** To all processes of an instance; they may have ended already. */
function signalGroup(leader: number | undefined, signal: NodeJS.Signals): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, signal);
  } catch {
    // The last of them has just ended.
  }
}

/**
 * A frozen process does not notice that the stand-in has died, and would stay for ever. A shell holds the other end of a
 * pipe to the stand-in, and kills the group when that closes.
 * @returns What lets the shell go, once the instance has ended.
 */
function endWithStandIn({ pid }: ChildProcess): () => void {
  if (pid === undefined) return () => {};
  const script = 'read -r _; kill -s KILL -- "-$0"';
  const guard = spawn('/bin/sh', ['-c', script, String(pid)], { stdio: ['pipe', 'ignore', 'ignore'] });
  guard.on('error', () => {});
  return () => void guard.kill('SIGKILL');
}
