import highsModule, { type Highs, type ModelData } from 'highs';

// highs' types are those of its CommonJS build, but Node loads its ES module, whose default is the loader itself.
const loadHighs = highsModule as unknown as typeof highsModule.default;

/** A job as the bound sees it. Seconds, and US dollars. */
export interface BoundJob {
  arrivedAt: number;
  deadlineAt: number;
  /** Of one VM slot, at full speed. */
  vmSeconds: number;
  /** Least that Cloud Run could bill for it: on a warm instance, in one attempt. */
  runDollars: number;
}

export interface BoundOptions {
  /** Seconds of a step of the time grid. */
  step?: number;
  /** Jobs that are solved together. */
  chunk?: number;
}

/**
 * A lower bound in dollars on what Cloud Run bills when every job ends in time. It holds for every policy, even one
 * that knows the future; the bill of a policy that lets jobs miss on the VMs is at least the bound less those jobs'
 * `runDollars`.
 *
 * The linear program: x_jt is the work that VMs do on job j in step t, z_j the share of it that they do,
 *     maximise sum c_j z_j, where sum_t x_jt = p_j z_j, sum_j x_jt <= slots * dt, 0 <= x_jt <= dt, 0 <= z_j <= 1,
 * and the bound is sum c_j (1 - z_j). It is a relaxation, for it lets jobs be split, interrupted and shared with
 * Cloud Run, and needs neither delivery nor knowledge. Two more things are left out, both so that it can only fall:
 * a job's window is rounded outward to whole steps; and jobs are solved in chunks by arrival, each with all
 * slots for itself, so that capacity where the windows of two chunks overlap counts for both.
 */
export async function runBillBound(
  jobs: readonly BoundJob[],
  slots: number,
  { step = 0.25, chunk = 1_000 }: BoundOptions = {},
): Promise<number> {
  const highs = await loadHighs();
  const byArrival = jobs.toSorted((a, b) => a.arrivedAt - b.arrivedAt);
  let bound = 0;
  for (let from = 0; from < byArrival.length; from += chunk) {
    const part = byArrival.slice(from, from + chunk);
    const bill = part.reduce((sum, { runDollars }) => sum + runDollars, 0);
    bound += Math.max(0, bill - mostSaved(part, slots, step, highs));
  }
  return bound;
}

/** Dollars, so that the solver's absolute tolerances of 1e-7 are far below a job's coefficient. */
const scale = 1e5;

function mostSaved(jobs: readonly BoundJob[], slots: number, step: number, highs: Highs): number {
  const { maximize } = highs.constants.objectiveSense;
  const model = linearProgram(jobs, slots, step);
  return highs.withModel({ ...model, sense: maximize }, (solver) => {
    // Presolve and scaling take longer than they save: the program is small and its coefficients are much the same.
    solver.options.set({ output_flag: false, solver: 'simplex', presolve: 'off', simplex_scale_strategy: 0 });
    solver.run();
    if (solver.getModelStatus() !== highs.constants.modelStatus.optimal) {
      throw new Error('HiGHS found no optimum of the bound.');
    }
    return solver.getObjectiveValue() / scale;
  });
}

/** Columns: every z, then every x of each job in turn. Rows: one of each job, then one of each step that is used. */
function linearProgram(jobs: readonly BoundJob[], slots: number, step: number): ModelData {
  const colCost: number[] = [];
  const colUpper: number[] = [];
  const starts: number[] = [];
  const indices: number[] = [];
  const values: number[] = [];
  for (const [row, job] of jobs.entries()) {
    starts.push(indices.length);
    indices.push(row);
    values.push(job.vmSeconds);
    colCost.push(scale * job.runDollars);
    colUpper.push(1);
  }
  // Quiet stretches have no rows.
  const rowOfStep = new Map<number, number>();
  for (const [row, { arrivedAt, deadlineAt }] of jobs.entries()) {
    const [first, end] = [Math.floor(arrivedAt / step), Math.ceil(deadlineAt / step)];
    for (let at = first; at < end; at++) {
      const stepRow = rowOfStep.get(at) ?? jobs.length + rowOfStep.size;
      rowOfStep.set(at, stepRow);
      starts.push(indices.length);
      indices.push(row, stepRow);
      values.push(-1, 1);
      colCost.push(0);
      colUpper.push(step);
    }
  }
  starts.push(indices.length);
  const [numCols, numRows] = [colCost.length, jobs.length + rowOfStep.size];
  const upper = new Array<number>(numRows).fill(slots * step).fill(0, 0, jobs.length);
  return {
    numCols,
    numRows,
    colCost,
    colLower: new Array<number>(numCols).fill(0),
    colUpper,
    rowLower: new Array<number>(numRows).fill(0),
    rowUpper: upper,
    matrix: { format: 'csc', numRows, numCols, starts, indices, values },
  };
}
