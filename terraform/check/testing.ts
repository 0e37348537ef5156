import { expect, test } from 'vitest';
import { type Plan, planExtract } from './plan.ts';
import type { Policy } from './policy.ts';
import { committedPlan } from './quick-check.ts';
import { textAt } from './read-plan.ts';

export const example = committedPlan('example');
export const other = committedPlan('other');

/** What a VM of the example is told at its start. */
export const userData: string = example.resources
  .filter(({ type }) => type === 'google_compute_instance_template')
  .map((template) => textAt(template, 'metadata', 'user-data'))
  .join();

/**
 * Breaks each policy, and sees that it is told.
 * @param broken For each policy, what is said of a plan and how that plan is made.
 */
export function seenToFail(
  policies: readonly Policy[],
  broken: Record<string, [finding: RegExp, plan: () => Plan][]>,
): void {
  const cases = Object.entries(broken).flatMap(([name, breaks]) =>
    breaks.map(([finding, plan]) => ({ name, finding, plan })),
  );

  test.each(cases)('$name: $finding', async ({ name, finding, plan }) => {
    const policy = policies.find((each) => each.name === name);
    // What is broken is a plan that could have been committed.
    const findings = await policy?.findings(planExtract.pick({ resources: true }).parse(plan()));
    expect(
      findings?.some((each) => finding.test(each)),
      findings?.join('\n'),
    ).toBe(true);
  });

  test('every policy was seen to fail', () => {
    expect(Object.keys(broken).sort()).toEqual(policies.map(({ name }) => name).sort());
  });
}
