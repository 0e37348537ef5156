import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { anyPort } from '@spillway/emulators/choose-ports.ts';
import { proportionalBytes } from '@spillway/emulators/instance-memory.ts';
import { readStackFile } from '@spillway/pipeline/stack-file.ts';
import { type ProcessUsage, processTree } from '@spillway/processing/process-tree.ts';

const launcher = fileURLToPath(new URL('../emulators/start.ts', import.meta.url));
/** What a start leaves to be done is done after that. Milliseconds. */
const settleMs = 20_000;
/** The scheduler calls once a minute. Milliseconds. */
const watchMs = 60_000;
const mebibyte = 1_024 * 1_024;

interface Idle {
  part: string;
  processes: number;
  /** Proportional set size: a page that processes share is counted once. */
  pssMib: number;
  /** Of one processor. */
  cpuPercent: number;
}

/**
 * What a local stack takes that has nothing to do: one VM of two slots, and no instance of Cloud Run. Each row is a part
 * with all its children. Only Linux tells what processes share.
 */
export async function idle({ json, embedded }: { json: boolean; embedded: boolean }): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'spillway-idle-'));
  const startedAt = performance.now();
  const child = await startLauncher(directory, ['--engine', embedded ? 'embedded' : 'google']);
  try {
    const readySeconds = (performance.now() - startedAt) / 1_000;
    await delay(settleMs);
    const stack = await readStackFile(directory);
    if (!stack) throw new Error('The stack has left no stack.json.');
    const parts = await watchParts(stack.pids);
    const total = sumOf(parts);
    if (json) console.log(JSON.stringify({ readySeconds, total, parts }));
    else {
      console.log(`Ready after ${readySeconds.toFixed(1)} s.`);
      console.table([...parts, total]);
    }
  } finally {
    await end(child);
    await rm(directory, { recursive: true, force: true });
  }
}

/** Resolves when the stack is ready; rejects with its output where it is not. */
async function startLauncher(directory: string, args: string[]): Promise<ChildProcess> {
  const names = ['PORT', 'SPILLWAY_FIRESTORE_PORT', 'SPILLWAY_PUBSUB_PORT', 'SPILLWAY_STORAGE_PORT'];
  const ports = await Promise.all(names.map(async (name) => [name, String(await anyPort())] as const));
  const size = ['--vms', '1', '--slots', '2', '--run-max', '1'];
  const child = spawn(process.execPath, [launcher, ...size, ...args], {
    env: { ...process.env, ...Object.fromEntries(ports), SPILLWAY_LOCAL_DIR: directory },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  const ready = Promise.withResolvers<void>();
  child.stdout.on('data', (data: Buffer) => {
    output += data.toString('utf8');
    if (output.includes('Spillway is ready')) ready.resolve();
  });
  child.once('exit', () => ready.reject(new Error(`The stack did not start.\n${output}`)));
  await ready.promise;
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}

async function watchParts(pids: Record<string, number>): Promise<Idle[]> {
  const before = await treesOf(pids);
  const startedAt = performance.now();
  await delay(watchMs);
  const after = await treesOf(pids);
  const seconds = (performance.now() - startedAt) / 1_000;
  return Promise.all(
    [...after].map(async ([part, tree]) => {
      const shares = await Promise.all(tree.map(async ({ pid }) => (await proportionalBytes(pid)) ?? 0));
      // A process that began meanwhile has all its time counted. What ended meanwhile is not counted.
      const used = tree.map(({ pid, cpuSeconds }) => {
        const earlier = before.get(part)?.find((each) => each.pid === pid)?.cpuSeconds ?? 0;
        return cpuSeconds - earlier;
      });
      return {
        part,
        processes: tree.length,
        pssMib: Math.round(total(shares) / mebibyte),
        cpuPercent: hundredths((100 * total(used)) / seconds),
      };
    }),
  );
}

/** Each part's processes; the launcher's without those of its parts. */
async function treesOf(pids: Record<string, number>): Promise<Map<string, ProcessUsage[]>> {
  const trees = new Map<string, ProcessUsage[]>();
  for (const [part, pid] of Object.entries(pids)) trees.set(part, await processTree(pid));
  const ofParts = [...trees].flatMap(([part, tree]) =>
    part === 'launcher' ? [] : tree.map(({ pid }) => pid),
  );
  const own = trees.get('launcher')?.filter(({ pid }) => !ofParts.includes(pid)) ?? [];
  return trees.set('launcher', own);
}

function sumOf(parts: Idle[]): Idle {
  return {
    part: 'all',
    processes: total(parts.map(({ processes }) => processes)),
    pssMib: total(parts.map(({ pssMib }) => pssMib)),
    cpuPercent: hundredths(total(parts.map(({ cpuPercent }) => cpuPercent))),
  };
}

function total(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}
