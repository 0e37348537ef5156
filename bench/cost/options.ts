import { parseArgs } from 'node:util';
import { isOperationName, operationNames } from '@spillway/core/operations.ts';
import { pricedRegions } from '@spillway/core/prices.ts';
import { committedScenario, readScenario } from '@spillway/simulator/read-scenario.ts';
import type { CostQuestion } from './compare.ts';
import { usualTracesSampled } from './counts.ts';

export const usage = `npm run -s cost -- --jobs-per-day <n> [options]

  --jobs-per-day <n>     1 to 5,000,000
  --mix <shares>         such as sketch=0.6,remove-background=0.3,caption=0.1 (the scenario's)
  --vms <n>              VMs of ours (as many as cost least and keep 99 % of the objectives)
  --region <name>        ${pricedRegions.join(', ')} (${pricedRegions[0]})
  --traces-sampled <n>   share of the traces that are kept, 0 to 1 (${usualTracesSampled})
  --scenario <file>      service times, machines and pictures (simulator/scenario.json)
  --break-even           say from how many jobs a day on a VM pays, and nothing else: at once
  --per-job              say what 1,000 jobs cost outside of VMs and Cloud Run's workers, line by line: at once
  --json                 print JSON, with quantities`;

/** What a person gets wrong: one sentence. */
export class UsageError extends Error {}

/** More jobs than Spillway itself was made for. */
const mostJobs = 5_000_000;
const mostVms = 200;

export interface CostOptions extends CostQuestion {
  region: string;
  breakEvenOnly: boolean;
  perJobOnly: boolean;
  json: boolean;
}

/** Null where help is asked for. Throws `UsageError`, or the simulator's `ScenarioError`. */
export function readOptions(argv: readonly string[]): CostOptions | null {
  const values = parsed(argv);
  if (values.help) return null;
  const region = values.region ?? pricedRegions[0];
  if (!pricedRegions.some((each) => each === region)) {
    throw new UsageError(`There are prices for ${pricedRegions.join(', ')}, and none for "${region}".`);
  }
  const scenario = readScenario(values.scenario ?? committedScenario);
  if (values.mix !== undefined) scenario.jobs.mix = readMix(values.mix);
  const atOnce = values['break-even'] || values['per-job'];
  const jobsPerDay = values['jobs-per-day'] ?? (atOnce ? '1' : undefined);
  if (jobsPerDay === undefined) {
    throw new UsageError('Say how many jobs a day has, such as --jobs-per-day 10000.');
  }
  return {
    jobsPerDay: numberOf('--jobs-per-day', jobsPerDay, 1, mostJobs),
    scenario,
    tracesSampled: numberOf('--traces-sampled', values['traces-sampled'] ?? String(usualTracesSampled), 0, 1),
    vms: values.vms === undefined ? null : wholeNumberOf('--vms', values.vms, mostVms),
    region,
    breakEvenOnly: values['break-even'] ?? false,
    perJobOnly: values['per-job'] ?? false,
    json: values.json ?? false,
  };
}

function parsed(argv: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args: [...argv],
      options: {
        'jobs-per-day': text,
        mix: text,
        vms: text,
        region: text,
        'traces-sampled': text,
        scenario: text,
        'break-even': flag,
        'per-job': flag,
        json: flag,
        help: flag,
      },
    }).values;
  } catch (error) {
    // The first sentence says what is wrong; Node's others tell how to pass what begins with a dash.
    throw new UsageError((error instanceof Error ? error.message : String(error)).split(/(?<=\.) /)[0]);
  }
}

function readMix(text: string): Record<string, number> {
  const shares = text.split(',').map((each): [string, number] => {
    const [name = '', share = '', ...more] = each.split('=').map((part) => part.trim());
    if (!isOperationName(name)) {
      throw new UsageError(`--mix names no operation by "${name}". There are: ${operationNames.join(', ')}.`);
    }
    if (more.length > 0) throw new UsageError(`--mix has "${each}" where a share like ${name}=0.5 belongs.`);
    return [name, numberOf(`--mix: ${name}`, share, 0, 1)];
  });
  const names = new Set(shares.map(([name]) => name));
  if (names.size < shares.length) throw new UsageError('--mix names an operation twice.');
  const sum = shares.reduce((total, [, share]) => total + share, 0);
  if (Math.abs(sum - 1) > 0.001) {
    throw new UsageError(`The shares of --mix add up to ${Number(sum.toFixed(3))}, and not to 1.`);
  }
  return Object.fromEntries(shares);
}

function numberOf(name: string, text: string, least: number, most: number): number {
  const value = text === '' ? Number.NaN : Number(text);
  if (Number.isFinite(value) && value >= least && value <= most) return value;
  throw new UsageError(
    `${name} takes a number from ${least} to ${most.toLocaleString('en')}, and not "${text}".`,
  );
}

function wholeNumberOf(name: string, text: string, most: number): number {
  const value = numberOf(name, text, 0, most);
  if (Number.isInteger(value)) return value;
  throw new UsageError(`${name} takes a whole number, and not "${text}".`);
}
