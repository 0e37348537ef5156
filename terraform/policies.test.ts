import { describe, expect, it } from 'vitest';
import { policies } from './check/policies.ts';
import { committedPlan } from './check/quick-check.ts';
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
