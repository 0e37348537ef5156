import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../spillway.ts', import.meta.url));

export interface SpawnedRun {
  code: number | null;
  /** Bytes of standard output. */
  stdout: Buffer;
  stderr: string;
}

interface SpawnOptions {
  /** Bytes for standard input. Default: none. */
  input?: Uint8Array;
  /** The user to run as. Only root may set it. */
  uid?: number;
  /** Whether standard output is closed before anything is printed. */
  closeOutput?: boolean;
}

/** Runs the command in a process of its own, as a shell does. */
export async function spawnCli(
  args: string[],
  { input = new Uint8Array(), uid, closeOutput = false }: SpawnOptions = {},
): Promise<SpawnedRun> {
  const child = spawn(process.execPath, [script, ...args], {
    ...(uid === undefined ? {} : { uid, gid: uid }),
    env: { ...process.env, ...(uid === undefined ? {} : { HOME: '/nonexistent' }) },
  });
  if (closeOutput) child.stdout.destroy();
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const received = closeOutput ? Buffer.alloc(0) : buffer(child.stdout);
  const [stdout, stderr] = await Promise.all([received, text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, stdout, stderr };
}

/** Whether a user without any rights of his own can read this copy of the command. */
export function canRunAsOther(): boolean {
  if (process.getuid?.() !== 0) return false;
  for (let folder = dirname(script); folder !== dirname(folder); folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o005) !== 0o005) return false;
  }
  return true;
}
