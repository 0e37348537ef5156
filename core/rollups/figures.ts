import { type JobClass, jobClasses, type Target } from '../job.ts';
import { costOfOneJob } from '../job-cost.ts';
import { type Histogram, quantileIn } from './histogram.ts';
import type { Cells, JobsRecord } from './rollup.ts';
import { addCounts, addTally, type Cell, cellNamed, emptyTally, endedIn, type Tally } from './tally.ts';

/** Quantiles in milliseconds; null where nothing was counted. */
export interface Spread {
  p50: number | null;
  p95: number | null;
  p99: number | null;
}

/** What one class of jobs did. Interactive and bulk jobs are never mixed: they promise different things. */
export interface ClassFigures {
  ended: number;
  succeeded: number;
  failed: number;
  /** Of the failed ones: for what was sent. */
  refused: number;
  kept: number;
  missed: number;
  wait: Spread;
  run: Spread;
  total: Spread;
}

/** US dollars, by list prices. */
export interface Dollars {
  /** Cloud Run, by what its jobs really took, with what is around a job (core/job-cost.ts). */
  run: number;
  /** The same as the decisions expected it. */
  predictedRun: number;
  /** Cloud Run for all of these jobs, had each taken there as long as it did. */
  allOnRun: number;
  /** What is around the jobs that VMs did. */
  besideVms: number;
  /** The VMs for the whole time, busy or not; null where it is not about all jobs. */
  vms: number | null;
}

export interface Figures {
  classes: Record<JobClass, ClassFigures>;
  /** First decisions, by where they sent the job; and moves. */
  decided: Record<Target, number>;
  moved: number;
  givenBack: number;
  dollars: Dollars;
}

export function figuresOf(cells: Cells, vmDollars: number | null): Figures {
  const classes = new Map<JobClass, Tally>(jobClasses.map((each) => [each, emptyTally()]));
  const decided = { vm: 0, run: 0 };
  const dollars = { run: 0, predictedRun: 0, allOnRun: 0, besideVms: 0, vms: vmDollars };
  let moved = 0;
  let givenBack = 0;
  for (const [cell, tally] of namedCells(cells)) {
    const sum = classes.get(cell.class);
    if (sum) addTally(sum, tally);
    moved += tally.moved;
    givenBack += sumOf(tally.givenBack);
    const around = endedIn(tally) * costOfOneJob;
    dollars.allOnRun += tally.dollars + around;
    if (cell.target === 'run') {
      dollars.run += tally.dollars + around;
      dollars.predictedRun += tally.predicted;
    } else {
      dollars.besideVms += around;
    }
    if (cell.target !== 'none') decided[cell.target] += sumOf(tally.decided);
  }
  return {
    classes: {
      interactive: classFigures(classes.get('interactive') ?? emptyTally()),
      bulk: classFigures(classes.get('bulk') ?? emptyTally()),
    },
    decided,
    moved,
    givenBack,
    dollars,
  };
}

function classFigures(tally: Tally): ClassFigures {
  const { succeeded, failed, refused, kept, missed } = tally;
  return {
    ended: endedIn(tally),
    ...{ succeeded, failed, refused, kept, missed },
    wait: spreadOf(tally.wait),
    run: spreadOf(tally.run),
    total: spreadOf(tally.total),
  };
}

function spreadOf(histogram: Histogram): Spread {
  return {
    p50: quantileIn(histogram, 0.5),
    p95: quantileIn(histogram, 0.95),
    p99: quantileIn(histogram, 0.99),
  };
}

/** What each operation did, class by class, those with the most jobs first. */
export function figuresByOperation(cells: Cells): (ClassFigures & { operation: string; class: JobClass })[] {
  const sums = new Map<string, { cell: Cell; tally: Tally }>();
  for (const [cell, tally] of namedCells(cells)) {
    const key = `${cell.operation} ${cell.class}`;
    const sum = sums.get(key) ?? { cell, tally: emptyTally() };
    addTally(sum.tally, tally);
    sums.set(key, sum);
  }
  return [...sums.values()]
    .map(({ cell, tally }) => ({ operation: cell.operation, class: cell.class, ...classFigures(tally) }))
    .filter(({ ended }) => ended > 0)
    .sort((a, b) => b.ended - a.ended);
}

/** Failures by code, and first decisions by reason. */
export function causesIn(cells: Cells): { codes: Record<string, number>; reasons: Record<string, number> } {
  const codes: Record<string, number> = {};
  const reasons: Record<string, number> = {};
  for (const tally of cells.values()) {
    addCounts(codes, tally.codes);
    addCounts(reasons, tally.decided);
  }
  return { codes, reasons };
}

/** Ends that the documents of the jobs know and that no program has told of: it was killed before it wrote. */
export function untoldIn({ cells, counted }: Pick<JobsRecord, 'cells' | 'counted'>): number {
  if (!counted) return 0;
  const told = [...cells.values()].reduce((sum, tally) => sum + endedIn(tally), 0);
  return Math.max(0, counted.succeeded + counted.failed + counted.superseded + counted.cancelled - told);
}

function namedCells(cells: Cells): [Cell, Tally][] {
  return [...cells].flatMap(([name, tally]): [Cell, Tally][] => {
    const cell = cellNamed(name);
    return cell ? [[cell, tally]] : [];
  });
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, each) => sum + each, 0);
}
