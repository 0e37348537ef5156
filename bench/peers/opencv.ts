import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface OpencvAnswer {
  /** Milliseconds from reading the input file to the written output file. */
  ms: number;
  /** Milliseconds from `imdecode` to `imencode`, both included. */
  codecMs: number;
  /** Size of the output. */
  bytes: number;
}

/** A warm Python process with OpenCV loaded. */
export interface OpencvPeer {
  version: string;
  threads: number;
  sketch(input: string, output: string, kernel: number): Promise<OpencvAnswer>;
  close(): void;
}

const script = fileURLToPath(new URL('./sketch_opencv.py', import.meta.url));
const venvPython = fileURLToPath(new URL('../../.venv/bin/python', import.meta.url));

export const opencvInstructions = [
  'python3 -m venv .venv',
  '.venv/bin/pip install opencv-python-headless numpy',
];

/** Starts OpenCV beside us, or answers null where no Python with it is found. */
export async function startOpencv(): Promise<OpencvPeer | null> {
  const python = process.env.SPILLWAY_PEER_PYTHON ?? (existsSync(venvPython) ? venvPython : null);
  if (!python || spawnSync(python, ['-c', 'import cv2, numpy']).status !== 0) return null;
  const child = spawn(python, [script, 'serve'], { stdio: ['pipe', 'pipe', 'inherit'] });
  // As our children run, so that neither side is favoured on a busy machine. Threads started later inherit it.
  if (child.pid) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const { opencv, threads } = JSON.parse(await nextLine(lines, child)) as { opencv: string; threads: number };
  return {
    version: opencv,
    threads,
    async sketch(input, output, kernel) {
      child.stdin.write(`${JSON.stringify({ input, output, kernel })}\n`);
      return JSON.parse(await nextLine(lines, child)) as OpencvAnswer;
    },
    close: () => child.stdin.end(),
  };
}

async function nextLine(lines: AsyncIterator<string>, child: ChildProcess): Promise<string> {
  const { value, done } = await lines.next();
  if (!done) return value;
  const [code] = child.exitCode === null ? await once(child, 'exit') : [child.exitCode];
  throw new Error(`The OpenCV process ended with code ${code}.`);
}
