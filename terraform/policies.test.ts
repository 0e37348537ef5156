import { describe, expect, it, test } from 'vitest';
import { planExtract } from './check/plan.ts';
import { brokenAlarms } from './check/policies/alarms.broken.ts';
import { brokenBuckets } from './check/policies/buckets.broken.ts';
import { brokenCalls } from './check/policies/calls.broken.ts';
import { brokenDatabase } from './check/policies/database.broken.ts';
import { brokenEnvironments } from './check/policies/environments.broken.ts';
import { brokenKeys } from './check/policies/keys.broken.ts';
import { brokenLimits } from './check/policies/limits.broken.ts';
import { brokenMachines } from './check/policies/machines.broken.ts';
import { brokenMessages } from './check/policies/messages.broken.ts';
import { brokenMetrics } from './check/policies/metrics.broken.ts';
import { brokenNeeds } from './check/policies/needs.broken.ts';
import { brokenOneBox } from './check/policies/one-box.broken.ts';
import { oneBoxPolicies } from './check/policies/one-box.ts';
import { brokenPrewarming } from './check/policies/prewarming.broken.ts';
import { brokenRights } from './check/policies/rights.broken.ts';
import { policies } from './check/policies.ts';
import { committedOneBox, committedPlan } from './check/quick-check.ts';
import { choiceNames } from './check/sources.ts';

describe.each(choiceNames)('the plan of %s', (choice) => {
  const plan = committedPlan(choice);

  it('is whole', () => {
    expect(plan.resources.length).toBeGreaterThan(150);
  });

  it.each(policies)('keeps the policy: $name', async (policy) => {
    expect(await policy.findings(plan)).toEqual([]);
  });
});

describe('the plan of the smallest example', () => {
  it.each(oneBoxPolicies)('keeps the policy: $name', async (policy) => {
    expect(await policy.findings(committedOneBox())).toEqual([]);
  });
});

const broken = {
  ...brokenAlarms,
  ...brokenBuckets,
  ...brokenCalls,
  ...brokenDatabase,
  ...brokenEnvironments,
  ...brokenKeys,
  ...brokenLimits,
  ...brokenMachines,
  ...brokenMessages,
  ...brokenMetrics,
  ...brokenNeeds,
  ...brokenOneBox,
  ...brokenPrewarming,
  ...brokenRights,
};

const cases = Object.entries(broken).flatMap(([name, breaks]) =>
  breaks.map(([finding, plan]) => ({ name, finding, plan })),
);

describe('a plan that breaks a policy is told', () => {
  test.each(cases)('$name: $finding', async ({ name, finding, plan }) => {
    const policy = [...policies, ...oneBoxPolicies].find((each) => each.name === name);
    // What is broken is a plan that could have been committed.
    const findings = await policy?.findings(planExtract.pick({ resources: true }).parse(plan()));
    expect(
      findings?.some((each) => finding.test(each)),
      findings?.join('\n'),
    ).toBe(true);
  });

  test('for every policy', () => {
    const all = [...policies, ...oneBoxPolicies];
    expect(Object.keys(broken).sort()).toEqual(all.map(({ name }) => name).sort());
  });
});
