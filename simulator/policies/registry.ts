import type { Scenario } from '../scenario.ts';
import { deadlinePolicy, exactLinePolicy } from './deadline.ts';
import { lookingAhead, lookingAheadGroups } from './looking-ahead.ts';
import { allRun, allVm } from './one-side.ts';
import type { Policy } from './policy.ts';
import { joinShortestQueue, twoChoices } from './shortest-queue.ts';
import { thresholdPolicy } from './threshold.ts';

/** Seconds between the heartbeats that baselines look at; what has no suffix has the second. */
const heartbeats = [
  { suffix: '@1s', ms: 1_000 },
  { suffix: '', ms: 5_000 },
  { suffix: '@15s', ms: 15_000 },
] as const;
const percents = [20, 30, 40, 50, 60, 70, 80, 90] as const;

type Make = (scenario: Scenario) => Policy;

/** What `all` means: policies that choose a target. */
const routing: Record<string, Make> = {
  deadline: deadlinePolicy,
  'all-vm': allVm,
  'all-run': allRun,
  ...Object.fromEntries(
    heartbeats.flatMap(({ suffix, ms }) => [
      ...percents.map((percent): [string, Make] => {
        const name = `threshold-${percent}${suffix}`;
        return [name, (scenario) => thresholdPolicy(name, percent, ms, scenario)];
      }),
      [`jsq${suffix}`, (scenario: Scenario) => joinShortestQueue(`jsq${suffix}`, ms, scenario)],
      [`two-choices${suffix}`, (scenario: Scenario) => twoChoices(`two-choices${suffix}`, ms, scenario)],
    ]),
  ),
};

export const policyNames = Object.keys(routing);
const makers: Record<string, Make> = { ...routing, 'exact-line': exactLinePolicy, ...lookingAhead };
const groups: Record<string, readonly string[]> = { all: policyNames, ...lookingAheadGroups };

export class PolicyError extends Error {}

/** @param wanted Names of policies and groups, with commas. Throws `PolicyError`. */
export function namedPolicies(wanted: string): string[] {
  const names = wanted.split(',').map((name) => name.trim());
  const members = names.flatMap((name) => (Object.hasOwn(groups, name) ? (groups[name] ?? []) : name));
  for (const name of members) {
    if (Object.hasOwn(makers, name)) continue;
    const known = [...Object.keys(groups), ...Object.keys(makers)].join(', ');
    throw new PolicyError(`There is no policy "${name}". There are: ${known}.`);
  }
  return [...new Set(members)];
}

export function makePolicy(name: string, scenario: Scenario): Policy {
  const make = makers[name];
  if (!make) throw new PolicyError(`There is no policy "${name}".`);
  return make(scenario);
}
