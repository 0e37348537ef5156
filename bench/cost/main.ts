import { jobCostLines } from '@spillway/core/job-cost.ts';
import { ScenarioError } from '@spillway/simulator/scenario.ts';
import { breakEvenOf } from './break-even.ts';
import { compare } from './compare.ts';
import { type CostOptions, readOptions, UsageError, usage } from './options.ts';
import { breakEvenWords, jobBillTable, tableOf } from './table.ts';

/** `npm run cost`: what a month costs by part, ours beside all on Cloud Run and all on VMs. */
try {
  const options = readOptions(process.argv.slice(2));
  console.log(options === null ? usage : answerTo(options));
} catch (error) {
  if (!(error instanceof UsageError || error instanceof ScenarioError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}

function answerTo(options: CostOptions): string {
  if (options.perJobOnly) return options.json ? JSON.stringify(jobCostLines, null, 2) : jobBillTable();
  const { jobsPerDay, region, scenario } = options;
  const breakEven = breakEvenOf(scenario);
  const sides = options.breakEvenOnly ? [] : compare(options);
  if (options.json) return JSON.stringify({ jobsPerDay, region, breakEven, sides }, null, 2);
  const tables = options.breakEvenOnly ? [] : [tableOf(options, sides)];
  return [...tables, breakEvenWords(breakEven)].join('\n\n');
}
