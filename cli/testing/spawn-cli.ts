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
  /** What comes on standard input; nothing where it is left out. */
  input?: Uint8Array;
  /** The user to run as; only root may choose. */
  uid?: number;
  /** Whether the reader of standard output goes away before anything is printed. */
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

/** Whether a user who owns nothing can run the command where this copy of it lies. */
export function canRunAsOther(): boolean {
  if (process.getuid?.() !== 0) return false;
  for (let folder = dirname(script); folder !== dirname(folder); folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o005) !== 0o005) return false;
  }
  return true;
}
