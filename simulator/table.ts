import { countOf, formatShare } from '@spillway/core/amounts.ts';
import { operationNames } from '@spillway/core/operations.ts';
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
  ];
  const rows = report.policies.map((policy) => [policy.name, ...figuresOf(policy, seeds)]);
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: string[]) =>
    cells
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ');
  const half = arrivals.half ? `, ${arrivals.half} half` : '';
  return [
    `${report.trace}${half}: ${arrivals.jobs} jobs, ${arrivals.ratePerSecond.toFixed(2)} per second, load ${report.load.toFixed(2)} of the VMs; ${countOf(seeds, 'seed')}; ${report.scenario}`,
    '',
    line(header),
    ...rows.map(line),
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
  ];
}

function money(dollars: number): string {
  return dollars.toFixed(5);
}
