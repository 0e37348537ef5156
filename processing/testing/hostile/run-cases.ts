import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FailureCode, PermanentError, RetryableError } from '@spillway/core/errors.ts';
import { manifestOf, type OperationName } from '@spillway/core/operations.ts';
import { ChildDied } from '../../child.ts';
import { residentBytes } from '../../process-tree.ts';
import type { Processor } from '../../processor.ts';

/** One operation on one file, and how it ended. */
export interface CaseOutcome {
  file: string;
  operation: OperationName;
  ending: Ending;
  ms: number;
  /** Most resident bytes of the child during the job, its models included; null where the system does not tell. */
  peakBytes: number | null;
}

/** `died` and `internal` are defects of ours, whatever the file. */
export type Ending =
  | { kind: 'result'; notes: string[] }
  | { kind: 'refused'; code: FailureCode; message: string }
  | { kind: 'timeout' }
  | { kind: 'out_of_memory' }
  | { kind: 'died'; detail: string }
  | { kind: 'internal'; detail: string };

export interface Case {
  file: string;
  path: string;
  operation: OperationName;
  /** Defaults where absent. */
  options?: Record<string, unknown>;
}

/** Runs cases one after another through a processor of one child, under the limits that it was made with. */
export async function* runCases(
  processor: Processor,
  cases: AsyncIterable<Case> | Iterable<Case>,
): AsyncGenerator<CaseOutcome> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-hostile-'));
  try {
    for await (const one of cases) {
      const outcome = await runCase(processor, one, join(folder, 'result'));
      yield outcome;
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runCase(processor: Processor, one: Case, outputPath: string): Promise<CaseOutcome> {
  const { file, path: inputPath, operation } = one;
  const options = manifestOf(operation).options.parse(one.options ?? {});
  await processor.warmUp();
  const [pid = 0] = processor.pids;
  await forgetPeak(pid);
  const startedAt = performance.now();
  // The child may be replaced as soon as its job has ended: its peak is read while it is the same.
  const watch = watchPeak(pid);
  const ending = await processor
    .process({ operation, options, inputPath, outputPath })
    .then(({ notes }): Ending => ({ kind: 'result', notes }), endingOf);
  const ms = performance.now() - startedAt;
  return { file, operation, ending, ms, peakBytes: await watch.end() };
}

function endingOf(error: unknown): Ending {
  if (error instanceof PermanentError) return { kind: 'refused', code: error.code, message: error.message };
  if (!(error instanceof RetryableError)) throw error;
  if (error.code === 'processing_timeout') return { kind: 'timeout' };
  if (error.code === 'out_of_memory') return { kind: 'out_of_memory' };
  const kind = error.cause instanceof ChildDied ? 'died' : 'internal';
  return { kind, detail: String(error.cause) };
}

/** Linux: the most that a process has had in memory starts at what it has now. */
async function forgetPeak(pid: number): Promise<void> {
  await writeFile(`/proc/${pid}/clear_refs`, '5').catch(() => {});
}

const sampleMs = 20;

function watchPeak(pid: number) {
  let most: number | null = null;
  const look = async () => {
    const bytes = (await highWater(pid)) ?? (await residentBytes(pid));
    if (bytes !== null) most = Math.max(most ?? 0, bytes);
  };
  const timer = setInterval(look, sampleMs);
  return {
    async end(): Promise<number | null> {
      clearInterval(timer);
      await look();
      return most;
    },
  };
}

async function highWater(pid: number): Promise<number | null> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const found = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return found === undefined ? null : Number(found) * 1024;
}
