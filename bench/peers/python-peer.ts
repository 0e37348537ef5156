import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const venvPython = fileURLToPath(new URL('../../.venv/bin/python', import.meta.url));

/** The Python of `.venv` or `SPILLWAY_PEER_PYTHON`; null if it is missing or lacks these modules. */
export function findPython(modules: string): string | null {
  const python = process.env.SPILLWAY_PEER_PYTHON ?? (existsSync(venvPython) ? venvPython : null);
  if (!python || spawnSync(python, ['-c', `import ${modules}`]).status !== 0) return null;
  return python;
}

/** Commands that install what `findPython` looks for. */
export function installInstructions(packages: string): string[] {
  return ['python3 -m venv .venv', `.venv/bin/pip install ${packages}`];
}

/** A warm Python process that answers requests, one line of JSON each. */
export interface PythonPeer<Hello> {
  /** The first line that it printed. */
  hello: Hello;
  ask<Answer>(request: object): Promise<Answer>;
  close(): void;
}

/** Starts a script of this folder and waits for its first line. */
export async function startPython<Hello>(
  python: string,
  script: string,
  args: string[] = [],
): Promise<PythonPeer<Hello>> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(python, [path, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  // The same priority as our children have, so that a busy machine favours neither side. Later threads inherit it.
  if (child.pid) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const hello = JSON.parse(await nextLine(lines, child, script)) as Hello;
  return {
    hello,
    async ask<Answer>(request: object) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      return JSON.parse(await nextLine(lines, child, script)) as Answer;
    },
    close: () => child.stdin.end(),
  };
}

async function nextLine(lines: AsyncIterator<string>, child: ChildProcess, script: string): Promise<string> {
  const { value, done } = await lines.next();
  if (!done) return value;
  const [code] = child.exitCode === null ? await once(child, 'exit') : [child.exitCode];
  throw new Error(`${script} ended with code ${code}.`);
}
