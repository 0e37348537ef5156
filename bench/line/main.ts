import { wayNamed, ways } from './ways.ts';
import { type LineFigures, type LineScenario, playLine } from './world.ts';

const slotsPerVm = 4;

/**
 * Has VMs work on one line in virtual time, with the production code on the database in memory, some milliseconds away.
 * `values`: `query`, `get` and `write` are medians in milliseconds, `spread` is the sigma of their lognormal distribution,
 * `slots` and `jobs` (milliseconds) are lists of sizes, separated by commas. With `load`, such as 0.9, jobs arrive at random;
 * without it all of them wait from the start. `claims` is the number of them for
 * each slot. With `compare` other ways of taking turns are beside that of production.
 * `stack` measures the same on the local stack (stack.ts).
 */
export async function line({ json, compare, stack, values }: LineOptions): Promise<void> {
  const number = (name: string, usual: number) => Number(values.get(name) ?? usual);
  const list = (name: string, usual: string) => (values.get(name) ?? usual).split(',').map(Number);
  if (stack) {
    const { lineOnStack } = await import('./stack.ts');
    return lineOnStack(number('jobs', 400), values.has('slots') ? list('slots', '') : null, json);
  }
  const delay = (name: string, usual: number) => ({
    medianMs: number(name, usual),
    sigma: number('spread', 0.2),
  });
  const latency = { query: delay('query', 20), get: delay('get', 10), write: delay('write', 30) };
  const claimsPerSlot = number('claims', 30);
  const load = values.has('load') ? number('load', 1) : null;
  const names = Object.keys(ways).filter((name) => compare || name === 'production');
  const reports: LineReport[] = [];
  for (const jobMs of list('jobs', '400,30')) {
    for (const slots of list('slots', '2,8,16,32,64,128')) {
      const scenario = { slots, slotsPerVm, jobMs, latency, load, claimsPerSlot, seed: number('seed', 1) };
      for (const name of names) {
        const report = play(name, scenario);
        reports.push(report);
        if (!json) console.log(sentence(report));
      }
    }
  }
  if (json) console.log(JSON.stringify({ latency, slotsPerVm, load, lines: reports }, null, 2));
}

interface LineOptions {
  json: boolean;
  compare: boolean;
  stack: boolean;
  values: Map<string, string>;
}

interface LineReport extends Omit<LineFigures, 'late'> {
  way: string;
  /** Share of the jobs that ended after their deadlines, and of those that would not have with the exact head of the line. */
  late: { all: number; needlessly: number } | null;
}

function play(name: string, scenario: LineScenario): LineReport {
  const { late, ...figures } = playLine(scenario, wayNamed(name));
  if (scenario.load === null) return { way: name, ...figures, late: null };
  const exact = playLine(scenario, wayNamed('exact'));
  const needlessly = [...late].filter((job) => !exact.late.has(job)).length;
  return {
    way: name,
    ...figures,
    late: { all: late.size / figures.claims, needlessly: needlessly / figures.claims },
  };
}

function sentence(report: LineReport): string {
  const { slots, jobMs, claimsPerSecond, shareOfIdeal, readsPerClaim, triedWritesPerClaim } = report;
  const { overtaking, waitMs, late, heldTwice } = report;
  const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
  return [
    `${report.way}: ${slots} slots, jobs of ${jobMs} ms: ${claimsPerSecond.toFixed(1)} claims a second`,
    `(${(100 * shareOfIdeal).toFixed(0)} % of ideal), ${readsPerClaim.toFixed(2)} reads and`,
    `${triedWritesPerClaim.toFixed(2)} tried writes a claim; overtakes ${overtaking.mean.toFixed(1)} places on average,`,
    `${overtaking.largest} at most, and the slowest lets ${overtaking.mostLetPass} pass; held twice: ${heldTwice}.`,
    ...(waitMs
      ? [`A job waits ${waitMs.mean.toFixed(0)} ms on average, p99 ${waitMs.p99.toFixed(0)} ms.`]
      : []),
    ...(late ? [`Late: ${percent(late.all)}, needlessly: ${percent(late.needlessly)}.`] : []),
  ].join(' ');
}
