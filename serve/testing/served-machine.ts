import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type PartsFile, readPartsFile } from '@spillway/pipeline/parts-file.ts';
import { isAlive } from '@spillway/supervisor/processes.ts';
import { expect, onTestFinished } from 'vitest';
import { freePort } from '../addresses.ts';

/** `spillway serve` in a process of its own, as a person starts it. */
export interface ServedMachine {
  url: string;
  /** What it has printed so far. */
  printed(): string;
  parts(): Promise<PartsFile>;
  signal(signal: NodeJS.Signals): void;
  /** Resolves to its exit code, or to the signal that ended it. */
  ended: Promise<number | string | null>;
}

export interface ServeCommand {
  command: string;
  args: string[];
  /** The folder that it is started in. */
  workdir: string;
  environment: Record<string, string | undefined>;
}

/** Starts it on a free port and resolves when it says that it is ready. It is killed with the test. */
export async function serve({ command, args, workdir, environment }: ServeCommand): Promise<ServedMachine> {
  const port = await freePort();
  const child = spawn(command, [...args, '--port', String(port)], {
    cwd: workdir,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (printed += text));
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = once(child, 'exit').then(([code, signal]) => (code as number | null) ?? (signal as string));
  await expect.poll(() => isReady(child, printed), { timeout: 120_000 }).toBe(true);
  const folder = argumentOf(args, '--data') ?? 'spillway-data';
  return {
    url: `http://127.0.0.1:${port}`,
    printed: () => printed,
    async parts() {
      const parts = await readPartsFile(join(workdir, folder, 'parts.json'));
      if (!parts) throw new Error(`There is no parts.json. It printed: ${printed}`);
      return parts;
    },
    signal: (signal) => void child.kill(signal),
    ended,
  };
}

function isReady({ exitCode }: ChildProcess, printed: string): boolean {
  if (exitCode !== null) throw new Error(`It ended (${exitCode}): ${printed}`);
  return printed.includes('Spillway is ready');
}

function argumentOf(args: string[], name: string): string | undefined {
  return args.includes(name) ? args[args.indexOf(name) + 1] : undefined;
}

/** Ids of processes that are still there. */
export function alive({ pid, parts }: PartsFile): number[] {
  return [pid, ...Object.values(parts).map((part) => part.pid ?? 0)].filter(isAlive);
}
