import { countOf, formatDollars } from '@spillway/core/amounts.ts';
import { manifestOf } from '@spillway/core/operations.ts';
import type { RoutingSettings } from '@spillway/core/settings.ts';
import { formatDuration } from '../format/duration.ts';
import { knownOperations } from '../operations/known-operations.ts';

interface SummaryItem {
  name: string;
  value: string;
  note: string;
}

/** The most important settings, one line each. Their places are kept while they are unknown. */
export function settingsSummary(settings: RoutingSettings | null): SummaryItem[] {
  const item = (name: string, words: (settings: RoutingSettings) => [string, string]): SummaryItem => {
    const [value, note] = settings ? words(settings) : ['–', ' '];
    return { name, value, note };
  };
  return [
    item('Policy', policyWords),
    item('Time to result', objectiveWords),
    item('Large batches', ({ bulk }) => [
      formatDuration(bulk.objectiveMs),
      `drops of more than ${countOf(bulk.batchOver, 'file')}`,
    ]),
    item('Cloud Run', ({ run }) => {
      if (!run.enabled || run.maxInstances === 0) return ['off', 'all work waits for the VMs'];
      const most = run.mostDollarsPerHour;
      return [
        `up to ${countOf(run.maxInstances, 'instance')}`,
        most === null ? 'no limit to what it costs' : `up to ${formatDollars(most)} an hour`,
      ];
    }),
    item('Prewarming', ({ forecast: { prewarming, minInstances, vmPool } }) => [
      prewarming ? `${minInstances.least} to ${countOf(minInstances.most, 'instance')}` : 'off',
      vmPool ? 'VMs follow the forecast' : 'VMs follow the work',
    ]),
    item('Shares', ({ shares }) => {
      const named = Object.keys(shares.owners).length;
      return named === 0
        ? ['all alike', 'owners who wait for VMs']
        : [countOf(named, 'owner'), 'with a share of their own'];
    }),
  ];
}

function policyWords({ policy, threshold }: RoutingSettings): [string, string] {
  switch (policy) {
    case 'deadline':
      return ['deadline', 'cheapest side that is in time'];
    case 'threshold':
      return ['threshold', `Cloud Run above ${Math.round(threshold.cpu * 100)} % CPU`];
    default:
      return policy satisfies never;
  }
}

function objectiveWords({ objectivesMs }: RoutingSettings): [string, string] {
  const names = knownOperations.value;
  const times = names.map((name) =>
    // A line may end between two times, but not within one.
    formatDuration(objectivesMs[name] ?? manifestOf(name).objectiveMs.interactive).replaceAll(' ', '\u00a0'),
  );
  return [times.join(' · '), names.map((name) => manifestOf(name).words.label.toLowerCase()).join(', ')];
}
