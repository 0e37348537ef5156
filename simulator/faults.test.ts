import { expect, it } from 'vitest';
import { parseTrace } from './arrivals/parse-trace.ts';
import { faultNames, withFault } from './faults.ts';
import { drawJobs } from './jobs.ts';
import { makePolicy } from './policies/registry.ts';
import { readScenario } from './read-scenario.ts';
import { simulate } from './world/simulate.ts';

// Half again as much as the VMs can do, for some minutes: both sides are used when something goes wrong.
const arrivals = parseTrace('poisson:18:100').arrivals(1);

it.each(faultNames)('under %s nothing is lost and hardly any work is done twice', (name) => {
  const scenario = withFault(name, readScenario());
  const jobs = drawJobs(arrivals, scenario, 1);
  const { outcomes, lost, duplicates } = simulate(jobs, makePolicy('deadline', scenario), scenario, 1);
  expect(lost).toBe(0);
  expect(new Set(outcomes.map(({ index }) => index)).size).toBe(jobs.length);
  expect(duplicates / jobs.length).toBeLessThan(0.005);
});
