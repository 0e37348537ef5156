import { type ForecasterName, forecasterNames } from '../forecast/forecasters.ts';
import type { Scenario } from '../scenario.ts';
import { deadlinePolicy } from './deadline.ts';
import { type Policy, settingsFor } from './policy.ts';

type Make = (name: string, scenario: Scenario) => Policy;

interface Changes {
  /** Share of a VM's slots that is to be busy; undefined: a fixed number of VMs. */
  poolLoad?: (scenario: Scenario) => number;
  forecaster?: ForecasterName;
  prewarming?: boolean;
  vmPool?: boolean;
  /** Minimum instances that are kept whatever is forecast. */
  kept?: number;
}

/** Production's policy with what a forecast, or its absence, changes around it. */
function variant({ poolLoad, forecaster, prewarming = false, vmPool = false, kept }: Changes): Make {
  return (name, scenario) => ({
    ...deadlinePolicy(scenario),
    name,
    family: name.replace(/-(last-value|ewma|holt-winters|learned|at-50|\d+)$/, ''),
    settings: settingsFor(scenario, {
      forecast: {
        prewarming: prewarming || kept !== undefined,
        vmPool,
        ...(kept === undefined ? {} : { minInstances: { least: kept, most: kept } }),
      },
    }),
    poolLoad: poolLoad?.(scenario) ?? null,
    forecaster: forecaster ?? null,
  });
}

const usualLoad = ({ pool }: Scenario) => pool.targetLoad;

const forEach = (prefix: string, changes: Changes): [string, Make][] =>
  forecasterNames.map((forecaster) => [`${prefix}-${forecaster}`, variant({ ...changes, forecaster })]);

/** With as many VMs as the scenario says: instances that are always kept, and those that a forecast keeps. */
const fixed: [string, Make][] = [
  ['keep-1', variant({ kept: 1 })],
  ['keep-3', variant({ kept: 3 })],
  ...forEach('prewarm', { prewarming: true }),
];

/**
 * With a pool of VMs that follows what has arrived (`pool`), or what a forecast says (`pool-…`), which may keep instances
 * beside that (`both-…`). `pool-at-50` shows what the same money does without a forecast: it has more VMs for the same
 * work.
 */
const scaled: [string, Make][] = [
  ['pool', variant({ poolLoad: usualLoad })],
  ['pool-at-50', variant({ poolLoad: () => 0.5 })],
  ...forEach('pool', { poolLoad: usualLoad, vmPool: true }),
  ...forEach('both', { poolLoad: usualLoad, vmPool: true, prewarming: true }),
];

export const lookingAhead: Record<string, (scenario: Scenario) => Policy> = Object.fromEntries(
  [...fixed, ...scaled].map(([name, make]) => [name, (scenario: Scenario) => make(name, scenario)]),
);

/** What is compared with what: the first of each is without a forecast. */
export const lookingAheadGroups = {
  prewarming: ['deadline', ...fixed.map(([name]) => name)],
  pools: scaled.map(([name]) => name),
} as const;
