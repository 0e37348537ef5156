import { readdir, stat } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { operationNames } from '@spillway/core/operations.ts';
import { modelsFolderFrom } from '@spillway/models/settings.ts';
import { createProcessor } from '@spillway/processing/processor.ts';
import { type Case, type CaseOutcome, runCases } from '@spillway/processing/testing/hostile/run-cases.ts';
import { defects, summarize } from '@spillway/processing/testing/hostile/summary.ts';
import { workerConfigSchema } from '@spillway/worker/config.ts';

/*
 * `npm run test:hostile -- <folder>`: every operation over every file of a folder and of the folders in it, one after
 * another, under the limits of a worker (its environment sets them). Ends with 1 where a file stopped the program.
 */

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { verbose: { type: 'boolean' } },
});
const folder = positionals[0];
if (!folder) {
  console.error('Name a folder: npm run test:hostile -- <folder> [--verbose]');
  process.exit(2);
}
const limits = workerConfigSchema
  .pick({
    SPILLWAY_TIME_LIMIT_MS: true,
    SPILLWAY_MEMORY_LIMIT_MIB: true,
    SPILLWAY_RECYCLE_AFTER: true,
    SPILLWAY_MODELS_DIR: true,
    XDG_CACHE_HOME: true,
  })
  .parse(process.env);
const processor = createProcessor({
  children: 1,
  timeLimitMs: limits.SPILLWAY_TIME_LIMIT_MS,
  memoryLimitBytes: limits.SPILLWAY_MEMORY_LIMIT_MIB * 2 ** 20,
  recycleAfter: limits.SPILLWAY_RECYCLE_AFTER,
  models: { folder: modelsFolderFrom(process.env) },
});
const outcomes: CaseOutcome[] = [];
for await (const outcome of runCases(processor, casesOf(resolve(folder)))) {
  outcomes.push(outcome);
  if (values.verbose) console.log(lineOf(outcome));
}
await processor.close();
console.log(summarize(outcomes));
const faults = defects(outcomes);
if (faults.length > 0) console.log(['', 'defects', ...faults.map((fault) => `  ${fault}`)].join('\n'));
process.exitCode = faults.length > 0 ? 1 : 0;

async function* casesOf(path: string): AsyncGenerator<Case> {
  const about = await stat(path);
  if (about.isDirectory()) {
    for (const name of (await readdir(path)).sort()) yield* casesOf(join(path, name));
  } else if (about.isFile()) {
    const file = relative(resolve(folder ?? ''), path);
    for (const operation of operationNames) yield { file, path, operation };
  }
}

function lineOf({ file, operation, ending, ms, peakBytes }: CaseOutcome): string {
  const memory = peakBytes === null ? '' : `  ${Math.round(peakBytes / 1e6)} MB`;
  const said = ending.kind === 'refused' ? `${ending.code}: ${ending.message}` : ending.kind;
  const notes = ending.kind === 'result' ? ending.notes.map((note) => `  (${note})`).join('') : '';
  return `${file}  ${operation}  ${Math.round(ms)} ms${memory}  ${said}${notes}`;
}
