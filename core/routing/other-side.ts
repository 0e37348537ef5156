import { countOf, formatDollars, formatSeconds } from '../amounts.ts';
import type { Ledger, Prediction, Route, SidePrediction, Target } from '../job.ts';

/** What a decision expected of one side. Durations in milliseconds from the decision. */
export interface SideFigures {
  target: Target;
  waitMs: number;
  serviceMs: number;
  ioMs: number;
  /** What is added to be sure of it: `confidence` standard deviations. The four add up to `finishMs`. */
  marginMs: number;
  finishMs: number;
  /** From the finish to the deadline; negative where it would be late. */
  spareMs: number;
  inTime: boolean;
  /** US dollars. */
  dollars: number;
}

/** Why a job did not go to the other side. `sentence` says it to a person, with the figures that decided. */
export type OtherSide =
  /** Nobody has decided yet, or the job was refused before anybody could. */
  | { kind: 'undecided'; sentence: string }
  /** The policy or the baseline looks at no prediction. */
  | { kind: 'unpredicted'; other: Target; sentence: string }
  /** It could not take the job at all. */
  | { kind: 'closed'; other: Target; sentence: string; chosen: SideFigures | null }
  | {
      kind: 'compared';
      other: Target;
      sentence: string;
      /** What would have had to be different for it to go there; null where no single figure tells. */
      tipping: string | null;
      chosen: SideFigures;
      alternative: SideFigures;
    };

/** Names of the sides in the middle of a sentence. */
const sideNames = { vm: 'the VMs', run: 'Cloud Run' } as const satisfies Record<Target, string>;

/**
 * Why a job did not go to the other side, from what its decision noted down: the prediction has the settings of that time
 * in it. Pure, for any job, also for one that a dry run has made up.
 */
export function otherSide(
  route: Pick<Route, 'target' | 'reason' | 'explanation' | 'predicted' | 'ledger'>,
): OtherSide {
  const { target, reason, explanation, predicted, ledger } = route;
  if (reason === 'reserved') return { kind: 'undecided', sentence: 'Nobody has decided where it goes.' };
  const other = target === 'vm' ? 'run' : 'vm';
  if (!predicted) {
    return { kind: 'unpredicted', other, sentence: `Nothing was predicted. ${explanation}`.trim() };
  }
  const chosenSide = predicted[target];
  const otherSideOf = predicted[other];
  const chosen = chosenSide && figuresOf(target, chosenSide, predicted);
  if (!otherSideOf) {
    return { kind: 'closed', other, chosen, sentence: closedSentence(other, predicted, chosen) };
  }
  const alternative = figuresOf(other, otherSideOf, predicted);
  if (!chosen) {
    const sentence = `Nothing was predicted for ${sideNames[target]}. ${explanation}`.trim();
    return { kind: 'unpredicted', other, sentence };
  }
  return {
    kind: 'compared',
    other,
    chosen,
    alternative,
    ...compared(reason, chosen, alternative, ledger, explanation),
  };
}

/** What was expected of one side, with the margin, so that the sum adds up. */
export function figuresOf(target: Target, side: SidePrediction, { budgetMs }: Prediction): SideFigures {
  const { waitMs, serviceMs, ioMs, finishMs, inTime, dollars } = side;
  const marginMs = finishMs - waitMs - serviceMs - ioMs;
  return {
    target,
    waitMs,
    serviceMs,
    ioMs,
    marginMs,
    finishMs,
    spareMs: budgetMs - finishMs,
    inTime,
    dollars,
  };
}

/** Where there was no prediction: why that side could not take the job. */
function closedSentence(other: Target, { runClosed }: Prediction, chosen: SideFigures | null): string {
  const outlook = chosen ? ` ${outlookOf(chosen)}` : '';
  if (other === 'vm') return `No VM took new work when it was decided.${outlook}`;
  switch (runClosed) {
    case 'off':
      return `Cloud Run was off by the settings.${outlook}`;
    case 'no_service':
      return `There was no Cloud Run to send it to.${outlook}`;
    case 'paused':
      return `Cloud Run was paused when it was decided.${outlook}`;
    case 'over_budget':
      return `Cloud Run had cost as much as it may in an hour.${outlook}`;
    case 'lacks_model':
      return `Cloud Run did not have the model that the job names.${outlook}`;
    case 'too_large':
      return `The picture is larger than a request to Cloud Run may be.${outlook}`;
    case null:
      return `Cloud Run could not take it.${outlook}`;
    default:
      return runClosed satisfies never;
  }
}

function outlookOf({ target, spareMs, inTime }: SideFigures): string {
  const side = target === 'vm' ? 'The VMs' : 'Cloud Run';
  return inTime
    ? `${side} had ${formatSeconds(spareMs)} to spare.`
    : `${side} would be ${formatSeconds(-spareMs)} late.`;
}

function compared(
  reason: Route['reason'],
  chosen: SideFigures,
  alternative: SideFigures,
  ledger: Ledger | null,
  explanation: string,
): { sentence: string; tipping: string | null } {
  switch (reason) {
    case 'vm_in_time':
      return {
        sentence: alternative.inTime
          ? `Cloud Run would have been in time as well, for ${formatDollars(alternative.dollars - chosen.dollars)} more. The VMs are paid for anyway, and had ${formatSeconds(chosen.spareMs)} to spare.`
          : `Cloud Run would have been ${formatSeconds(-alternative.spareMs)} late. The VMs had ${formatSeconds(chosen.spareMs)} to spare.`,
        tipping: alternative.inTime
          ? `With ${formatSeconds(chosen.spareMs)} more to wait for on the VMs, it would have gone to Cloud Run.`
          : null,
      };
    case 'run_vm_late':
      return {
        sentence: `The VMs would have been ${formatSeconds(-alternative.spareMs)} late${behind(ledger)}. Cloud Run ${chosen.inTime ? `had ${formatSeconds(chosen.spareMs)} to spare` : `would be ${formatSeconds(-chosen.spareMs)} late, which is sooner`}.`,
        tipping: `With an objective that is ${formatSeconds(-alternative.spareMs)} longer, the VMs would have had it.`,
      };
    case 'run_cheaper':
      return {
        sentence: `The VMs would have been in time as well, for ${formatDollars(alternative.dollars)} instead of ${formatDollars(chosen.dollars)}.`,
        tipping: null,
      };
    case 'vm_sooner':
      return {
        sentence: `Cloud Run would have been later: by ${formatSeconds(-alternative.spareMs)} instead of ${formatSeconds(-chosen.spareMs)}.`,
        tipping: `With an objective that is ${formatSeconds(-alternative.spareMs)} longer, Cloud Run would have been in time.`,
      };
    case 'run_probe':
      return { sentence: 'It was sent to try Cloud Run out after a pause.', tipping: null };
    case 'cpu_below_threshold':
    case 'cpu_above_threshold': {
      const would = alternative.inTime ? 'would have been in time' : 'would have been late';
      const side = alternative.target === 'vm' ? 'The VMs' : 'Cloud Run';
      return {
        sentence: `The threshold policy looks at processors alone. ${explanation} ${side} ${would}.`,
        tipping: null,
      };
    }
    case 'reserved':
    case 'vm_only':
    case 'vm_run_paused':
    case 'vm_over_budget':
    case 'run_no_vm':
      return { sentence: explanation, tipping: null };
    default:
      return reason satisfies never;
  }
}

/** @example ', behind 12 jobs with 8.4 s of work' */
function behind(ledger: Ledger | null): string {
  if (!ledger) return '';
  const { running, ahead } = ledger.vm;
  const jobs = running.jobs + ahead.jobs;
  if (jobs === 0) return ', although nothing was ahead of it';
  return `, behind ${countOf(jobs, 'job')} with ${formatSeconds(running.workMs + ahead.workMs)} of work`;
}
