import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OperationName } from '@spillway/core/operations.ts';
import { createProcessor } from '../../processor.ts';
import { makeBases } from './bases.ts';
import { hostileFiles } from './generate.ts';
import { type Case, type CaseOutcome, runCases } from './run-cases.ts';

/** A worker's limits as they are where nothing is set. */
const workerLimits = { timeLimitMs: 60_000, memoryLimitBytes: 1_536 * 2 ** 20, recycleAfter: 500 };

/** Makes `count` hostile files by a seed and runs each through one operation in a child, with the built-in models. */
export async function runGenerated(seed: number, count: number): Promise<CaseOutcome[]> {
  return await inChild((folder) => written(folder, seed, count));
}

/** Runs one file through an operation in such a child. */
export async function runOne(bytes: Buffer, operation: OperationName): Promise<CaseOutcome> {
  const [outcome] = await inChild(async function* (folder) {
    const path = join(folder, 'hostile');
    await writeFile(path, bytes);
    yield { file: 'hostile', path, operation };
  });
  if (!outcome) throw new Error('The case has no outcome.');
  return outcome;
}

async function inChild(cases: (folder: string) => AsyncIterable<Case>): Promise<CaseOutcome[]> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-generated-'));
  const processor = createProcessor({
    ...workerLimits,
    children: 1,
    models: { folder: join(folder, 'no-models') },
  });
  try {
    const outcomes: CaseOutcome[] = [];
    for await (const outcome of runCases(processor, cases(folder))) outcomes.push(outcome);
    return outcomes;
  } finally {
    await processor.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function* written(folder: string, seed: number, count: number): AsyncGenerator<Case> {
  const path = join(folder, 'hostile');
  for (const { name, bytes, operation, options } of hostileFiles(await makeBases(), seed, count)) {
    await writeFile(path, bytes);
    yield { file: name, path, operation, options };
  }
}
