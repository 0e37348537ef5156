import type { Target } from '../job.ts';
import { vmServiceMs } from './predict.ts';
import type { Candidate, Conditions } from './question.ts';
import { estimateService } from './service-times.ts';

/** Below this number of jobs the ratio says little, and does not matter. */
const enoughJobs = 5;
/** A ratio that is closer to one than this is one: estimates of single jobs vary, and nothing has to be written down then. */
const noise = 0.1;
const steps = 20;
const bounds = { least: 0.2, most: 5 } as const;

/** A job that waits, with the work that its decision wrote down for it. */
export interface WaitingWork extends Pick<Candidate, 'operation' | 'pixels'> {
  workMs: number;
}

/**
 * What the work that waits for a target takes by what is known now, in proportion to what its decisions expected. The ledger
 * is the sum of these expectations: where thousands of jobs came before anything was learned, it is wrong until the last of
 * them is done. This corrects it without rewriting a job. Bounded, in steps of a twentieth; 1 where it is right.
 * @param waiting Some of the jobs.
 */
export function workRatioOf(
  waiting: readonly WaitingWork[],
  target: Target,
  conditions: Omit<Conditions, 'now' | 'reach'>,
): number {
  if (waiting.length < enoughJobs) return 1;
  const { state } = conditions;
  const expected = waiting.reduce((sum, { workMs }) => sum + workMs, 0);
  const known = waiting.reduce((sum, { operation, pixels }) => {
    const serviceMs =
      target === 'vm'
        ? vmServiceMs(operation, pixels, conditions)
        : estimateService(operation, pixels, [state.learned.run]).mean;
    return sum + serviceMs;
  }, 0);
  const ratio = known / Math.max(1, expected);
  if (Math.abs(ratio - 1) < noise) return 1;
  return Math.min(bounds.most, Math.max(bounds.least, Math.round(ratio * steps) / steps));
}
