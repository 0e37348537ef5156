import { operationNames } from '@spillway/core/operations.ts';
import type { JobOutcome, RunResult } from './run-result.ts';
import {
  confidence95,
  type Interval,
  mean,
  pairedDifference,
  pairedRatio,
  quantileOfSorted,
} from './statistics.ts';

/** Rates are fractions, times seconds, money US dollars. Of several seeds: all their jobs together. */
export interface OperationReport {
  jobs: number;
  missRate: number;
  /** From the upload's end to the outcome. */
  p50: number;
  p95: number;
  p99: number;
}

export interface PolicyReport {
  name: string;
  family: string;
  jobs: number;
  missRate: number;
  perOperation: Record<string, OperationReport>;
  /** Means over the seeds. `storage`: what the pipeline asks of storage, database and queue for each job. */
  costPer1000: { total: number; run: number; vm: number; storage: number };
  /** The part of `run` for minimum instances without a request. */
  runIdlePer1000: number;
  /** VMs that are paid for, on average. */
  vms: number;
  /** Work that was done to the end and did not count. */
  duplicates: number;
  /** Jobs that never ended. */
  lost: number;
  /** Share of jobs that ended on Cloud Run. */
  runShare: number;
  moves: number;
  coldStarts: number;
  refusals: number;
  /** 95 % confidence intervals over the seeds. */
  confidence: { missRate: Interval; totalPer1000: Interval; runPer1000: Interval };
  /** Seed by seed against the first policy of the report: miss rates subtracted, costs divided. */
  againstFirst: {
    missRateDifference: Interval;
    totalCostRatio: Interval;
    /** Share of the jobs that are late here and not under the first policy, and the other way round. */
    lateHereAlone: number;
    lateThereAlone: number;
  } | null;
}

export interface Report {
  trace: string;
  /** Work offered to the VMs over what they could do: 1 keeps every slot busy. */
  load: number;
  scenario: string;
  arrivals: { jobs: number; seconds: number; ratePerSecond: number; half: 'first' | 'second' | null };
  seeds: number;
  routers: number;
  policies: PolicyReport[];
  /** What Cloud Run bills at least when no job is late (see bound.ts); null where it was not asked for. */
  bound: { runCostPer1000: number; confidence: Interval } | null;
}

/** @param runs One policy's results, one of each seed. @param first Those of the policy it is compared with. */
export function reportPolicy(
  family: string,
  runs: readonly RunResult[],
  first: readonly RunResult[] | null,
): PolicyReport {
  const outcomes = runs.flatMap((run) => run.outcomes);
  const jobs = runs.reduce((sum, run) => sum + run.jobs, 0);
  const dollars = (part: keyof RunResult['dollars']) =>
    mean(runs.map((run) => per1000(run, run.dollars[part])));
  const sum = (count: (run: RunResult) => number) => runs.reduce((total, run) => total + count(run), 0);
  const costPer1000 = { run: dollars('run'), vm: dollars('vm'), storage: dollars('storage') };
  return {
    name: runs[0]?.policy ?? '',
    family,
    jobs,
    missRate: missRateOf(outcomes, jobs),
    perOperation: Object.fromEntries(
      operationNames.map((name) => [
        name,
        reportOperation(outcomes.filter((each) => each.operation === name)),
      ]),
    ),
    costPer1000: { total: costPer1000.run + costPer1000.vm + costPer1000.storage, ...costPer1000 },
    runIdlePer1000: dollars('runIdle'),
    vms: mean(runs.map(({ vmHours, hours }) => vmHours / hours)),
    duplicates: sum((run) => run.duplicates),
    lost: sum((run) => run.lost),
    runShare: outcomes.filter(({ target }) => target === 'run').length / jobs,
    moves: sum((run) => run.moves),
    coldStarts: sum((run) => run.coldStarts),
    refusals: sum((run) => run.refusals),
    confidence: {
      missRate: confidence95(runs.map(missRate)),
      totalPer1000: confidence95(runs.map(totalPer1000)),
      runPer1000: confidence95(runs.map((run) => per1000(run, run.dollars.run))),
    },
    againstFirst: first && {
      missRateDifference: pairedDifference(runs.map(missRate), first.map(missRate)),
      totalCostRatio: pairedRatio(runs.map(totalPer1000), first.map(totalPer1000)),
      lateHereAlone: lateAlone(runs, first) / jobs,
      lateThereAlone: lateAlone(first, runs) / jobs,
    },
  };
}

function reportOperation(outcomes: readonly JobOutcome[]): OperationReport {
  const seconds = outcomes
    .flatMap(({ latencyMs }) => (latencyMs === null ? [] : latencyMs / 1_000))
    .sort((a, b) => a - b);
  return {
    jobs: outcomes.length,
    missRate: missRateOf(outcomes, outcomes.length),
    p50: quantileOfSorted(seconds, 0.5),
    p95: quantileOfSorted(seconds, 0.95),
    p99: quantileOfSorted(seconds, 0.99),
  };
}

/** Jobs that are late in one run and in time in the other, seed by seed. */
function lateAlone(runs: readonly RunResult[], others: readonly RunResult[]): number {
  return runs.reduce((sum, { outcomes }, seed) => {
    const inTime = new Set(others[seed]?.outcomes.flatMap((each) => (each.inTime ? each.index : [])));
    return sum + outcomes.filter((each) => !each.inTime && inTime.has(each.index)).length;
  }, 0);
}

/** A job that failed or never ended has missed its objective too. */
function missRateOf(outcomes: readonly JobOutcome[], jobs: number): number {
  return jobs === 0 ? 0 : 1 - outcomes.filter(({ inTime }) => inTime).length / jobs;
}

function missRate(run: RunResult): number {
  return missRateOf(run.outcomes, run.jobs);
}

function per1000({ jobs }: RunResult, dollars: number): number {
  return (1_000 * dollars) / jobs;
}

function totalPer1000(run: RunResult): number {
  return per1000(run, run.dollars.run + run.dollars.vm + run.dollars.storage);
}
