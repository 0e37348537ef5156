import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { messageOf } from '@spillway/core/errors.ts';
import { z } from 'zod';
import { parseTrace, traceForms } from './arrivals/parse-trace.ts';
import { TraceError } from './arrivals/trace-error.ts';
import { chartOf } from './chart.ts';
import { experiment } from './experiment.ts';
import { FaultError, faultNames, withFault } from './faults.ts';
import { accuracyTable, compareForecasters } from './forecast/comparison.ts';
import { rateOfLoad } from './jobs.ts';
import { namedPolicies, PolicyError, policyNames } from './policies/registry.ts';
import { committedScenario, readScenario } from './read-scenario.ts';
import { resize, ScenarioError } from './scenario.ts';
import { tableOf } from './table.ts';

const usage = `npm run -s simulate -- [options]

  --trace <trace>       arrivals (bursty): ${traceForms.join(', ')}
  --rate <n>            rescale them to this mean per second
  --half first|second   only one half of the time they span; forecasters have counted the first
  --last <hours>        only the last hours; forecasters have counted what came before
  --policy <names>      some with commas, or a group (all): ${policyNames.slice(0, 3).join(', ')}, …,
                        all, exact-line (deadline, with an order that no database gives), prewarming (a forecast keeps instances), pools (the number of VMs follows the work)
  --backtest            in place of a simulation: how good the forecasts of each forecaster are
  --seeds <n>           number of seeds to play it with (1)
  --scenario <file>     the world's constants (simulator/scenario.json)
  --fault <name>        what goes wrong: ${faultNames.join(', ')}
  --routers <n>         routers at work, in place of the scenario's
  --vms <n>             VMs, and with --slots <n> the slots of each; Cloud Run's most instances grow with them
  --load <share>        rescale the arrivals so that the VMs have this share of what they can do
  --svg <file>          draw cost against misses
  --no-bound            leave out the lower bound on Cloud Run's bill
  --json                print JSON in place of a table`;

const optionsSchema = z.object({
  trace: z.string().min(1).default('bursty'),
  rate: z.coerce.number().positive().optional(),
  half: z.enum(['first', 'second']).optional(),
  last: z.coerce.number().positive().optional(),
  backtest: z.boolean().default(false),
  policy: z.string().min(1).default('all'),
  seeds: z.coerce.number().int().min(1).max(1_000).default(1),
  scenario: z.string().min(1).optional(),
  fault: z.string().min(1).optional(),
  routers: z.coerce.number().int().min(1).optional(),
  vms: z.coerce.number().int().min(1).max(1_000).optional(),
  slots: z.coerce.number().int().min(1).max(64).optional(),
  load: z.coerce.number().positive().max(10).optional(),
  svg: z.string().min(1).optional(),
  bound: z.boolean().default(true),
  json: z.boolean().default(false),
});

/** What a person gets wrong ends in one line and with code 2. */
class UsageError extends Error {}

async function main(): Promise<void> {
  const options = readOptions();
  if (!options) {
    console.log(usage);
    return;
  }
  const {
    trace,
    rate: givenRate,
    half,
    last: lastHours,
    policy,
    seeds,
    scenario: file,
    fault,
    routers,
    vms,
    slots,
    load,
    svg,
    bound,
    json,
  } = options;
  const source = parseTrace(trace);
  const policies = namedPolicies(policy);
  const given = readScenario(file ?? committedScenario);
  const scenario = fault === undefined ? given : withFault(fault, given);
  if (routers !== undefined) scenario.router.routers = routers;
  resize(scenario, { vms, slots });
  const rate = load === undefined ? givenRate : rateOfLoad(load, scenario);
  if (options.backtest) {
    const judged = compareForecasters({ source, rate, half, lastHours, seeds, scenario });
    console.log(json ? JSON.stringify(judged, null, 2) : accuracyTable(judged));
    return;
  }
  const report = await experiment({ source, rate, half, lastHours, policies, seeds, scenario, bound });
  if (svg) write(svg, chartOf(report));
  console.log(json ? JSON.stringify(report, null, 2) : tableOf(report));
}

function readOptions(): z.infer<typeof optionsSchema> | null {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  let values: Record<string, unknown>;
  try {
    ({ values } = parseArgs({
      allowNegative: true,
      options: {
        trace: text,
        rate: text,
        half: text,
        last: text,
        backtest: flag,
        policy: text,
        seeds: text,
        scenario: text,
        fault: text,
        routers: text,
        vms: text,
        slots: text,
        load: text,
        svg: text,
        bound: flag,
        json: flag,
        help: flag,
      },
    }));
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
  if (values.help) return null;
  const parsed = optionsSchema.safeParse(values);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UsageError(`--${issue?.path.join('.')}: ${issue?.message}`);
}

function write(file: string, content: string): void {
  try {
    writeFileSync(file, content);
  } catch (error) {
    throw new UsageError(`Cannot write ${file}: ${(error as NodeJS.ErrnoException).code}.`);
  }
}

try {
  await main();
} catch (error) {
  const mistaken = [UsageError, TraceError, PolicyError, ScenarioError, FaultError].some(
    (kind) => error instanceof kind,
  );
  if (!mistaken) throw error;
  console.error((error as Error).message);
  process.exitCode = 2;
}
