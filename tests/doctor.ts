import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Diagnosis } from '@spillway/core/diagnosis/diagnosis.ts';

const script = fileURLToPath(new URL('../cli/spillway.ts', import.meta.url));

export interface DoctorRun {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs `spillway doctor` on the stack of this folder, as a person does. */
export async function runDoctor(directory: string, ...args: string[]): Promise<DoctorRun> {
  const stack = join(directory, 'stack.json');
  const child = spawn(process.execPath, [script, 'doctor', '--stack', stack, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, stdout, stderr };
}

export type Answers = Diagnosis & { system: string };

/** The codes of everything that is wrong. */
export function wrongCodes({ answers }: Diagnosis): string[] {
  return Object.values(answers)
    .flat()
    .filter(({ weight }) => weight === 'wrong')
    .map(({ code }) => code);
}
