import { countOf, formatShare } from '@spillway/core/amounts.ts';
import { operationNames } from '@spillway/core/operations.ts';
import { alignedLines } from './aligned-lines.ts';
import type { PolicyReport, Report } from './report.ts';

/** The report as lines for a terminal. */
export function tableOf(report: Report): string {
  const { arrivals, bound, seeds } = report;
  const header = [
    'policy',
    'missed',
    '±',
    ...operationNames.map((name) => `${name} p95`),
    '$/1000',
    'run',
    'vm',
    'on run',
    'moved',
    'done twice',
    'lost',
    'VMs',
    'missed beside the first',
    'cost beside the first',
  ];
  const rows = report.policies.map((policy) => [policy.name, ...figuresOf(policy, seeds)]);
  const half = arrivals.half ? `, ${arrivals.half} half` : '';
  return [
    `${report.trace}${half}: ${arrivals.jobs} jobs, ${arrivals.ratePerSecond.toFixed(2)} per second, load ${report.load.toFixed(2)} of the VMs; ${countOf(seeds, 'seed')}; ${report.scenario}`,
    '',
    ...alignedLines([header, ...rows]),
    ...(bound
      ? ['', `Cloud Run bills at least $${money(bound.runCostPer1000)} per 1,000 jobs when none is late.`]
      : []),
  ].join('\n');
}

/** Of one seed nothing is known of its spread. */
function figuresOf(policy: PolicyReport, seeds: number): string[] {
  const { costPer1000, confidence } = policy;
  return [
    formatShare(policy.missRate, 2),
    seeds > 1 ? formatShare((confidence.missRate.high - confidence.missRate.low) / 2, 2) : '?',
    ...operationNames.map((name) => `${(policy.perOperation[name]?.p95 ?? 0).toFixed(2)} s`),
    money(costPer1000.total),
    money(costPer1000.run),
    money(costPer1000.vm),
    formatShare(policy.runShare, 2),
    String(policy.moves),
    String(policy.duplicates),
    String(policy.lost),
    policy.vms.toFixed(2),
    ...againstFirst(policy),
  ];
}

/** Intervals: what both met was the same. */
function againstFirst({ againstFirst }: PolicyReport): string[] {
  if (againstFirst === null) return ['', ''];
  const { missRateDifference: missed, totalCostRatio: cost } = againstFirst;
  const points = (share: number) => `${share < 0 ? '-' : '+'}${(100 * Math.abs(share)).toFixed(3)}`;
  return [
    `${points(missed.mean)} (${points(missed.low)} to ${points(missed.high)}) %`,
    `${cost.mean.toFixed(4)} (${cost.low.toFixed(4)} to ${cost.high.toFixed(4)})`,
  ];
}

function money(dollars: number): string {
  return dollars.toFixed(5);
}
