import type { Plan } from './plan.ts';
import { alarmPolicies } from './policies/alarms.ts';
import { bucketPolicies } from './policies/buckets.ts';
import { callPolicies } from './policies/calls.ts';
import { databasePolicies } from './policies/database.ts';
import { environmentPolicies } from './policies/environments.ts';
import { keyPolicies } from './policies/keys.ts';
import { limitPolicies } from './policies/limits.ts';
import { machinePolicies } from './policies/machines.ts';
import { messagePolicies } from './policies/messages.ts';
import { metricPolicies } from './policies/metrics.ts';
import { needsPolicies } from './policies/needs.ts';
import { prewarmingPolicies } from './policies/prewarming.ts';
import { rightsPolicies } from './policies/rights.ts';
import type { Policy } from './policy.ts';

/** What has to hold in every plan, whatever is chosen. */
export const policies: readonly Policy[] = [
  ...bucketPolicies,
  ...rightsPolicies,
  ...needsPolicies,
  ...messagePolicies,
  ...callPolicies,
  ...limitPolicies,
  ...environmentPolicies,
  ...databasePolicies,
  ...machinePolicies,
  ...alarmPolicies,
  ...metricPolicies,
  ...prewarmingPolicies,
  ...keyPolicies,
];

/** Sentences about everything that is against a policy. */
export async function heldAgainstPolicies(plan: Plan): Promise<string[]> {
  const findings = await Promise.all(policies.map((policy) => policy.findings(plan)));
  return findings.flat();
}
