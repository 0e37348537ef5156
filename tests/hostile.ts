import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { operationNames } from '@spillway/core/operations.ts';
import { modelsFolderFrom } from '@spillway/models/settings.ts';
import { createProcessor } from '@spillway/processing/processor.ts';
import { type Case, type CaseOutcome, runCases } from '@spillway/processing/testing/hostile/run-cases.ts';
import { workerConfigSchema } from '@spillway/worker/config.ts';

/*
 * `npm run test:hostile -- <folder>`: every operation over every file of a folder, under a worker's limits.
 */

const { positionals } = parseArgs({ allowPositionals: true });
const [folder] = positionals;
if (!folder) {
  console.error('Name a folder: npm run test:hostile -- <folder>');
  process.exit(2);
}
const limits = workerConfigSchema
  .pick({
    SPILLWAY_TIME_LIMIT_MS: true,
    SPILLWAY_MEMORY_LIMIT_MIB: true,
    SPILLWAY_RECYCLE_AFTER: true,
    SPILLWAY_MODELS_DIR: true,
  })
  .parse(process.env);
const processor = createProcessor({
  children: 1,
  timeLimitMs: limits.SPILLWAY_TIME_LIMIT_MS,
  memoryLimitBytes: limits.SPILLWAY_MEMORY_LIMIT_MIB * 2 ** 20,
  recycleAfter: limits.SPILLWAY_RECYCLE_AFTER,
  models: { folder: modelsFolderFrom(limits as never) },
});
const outcomes: CaseOutcome[] = [];
for await (const outcome of runCases(processor, casesOf(resolve(folder)))) {
  outcomes.push(outcome);
  const { file, operation, ending, ms, peakBytes } = outcome;
  const what = ending.kind === 'refused' ? `${ending.code}: ${ending.message}` : JSON.stringify(ending);
  console.log(
    `${file.replace(resolve(folder), '')}  ${operation}  ${Math.round(ms)} ms  ${Math.round((peakBytes ?? 0) / 2 ** 20)} MiB  ${what}`,
  );
}
await processor.close();

async function* casesOf(path: string): AsyncGenerator<Case> {
  if ((await stat(path)).isDirectory()) {
    for (const name of (await readdir(path)).sort()) yield* casesOf(join(path, name));
    return;
  }
  for (const operation of operationNames) yield { file: path, path, operation };
}
