import type { Ledger } from '../job.ts';
import type { RouteChoice } from '../transitions.ts';
import { type Candidate, type Conditions, decideRoute } from './decide-route.ts';
import { estimateService, type LearnedServices } from './service-times.ts';
import { laterTurn } from './turn.ts';

/** Expected service time and so many standard deviations: what fits into what is left is not worth a closer look. */
const caution = 2;
const nothing = { jobs: 0, workMs: 0 };

/** What a VM makes of the job that is first in line, by its own figures alone, without asking anybody. */
export interface FirstLook {
  /** It may miss its deadline here, though it has not yet: Cloud Run is worth a closer look. */
  mayBeLate: boolean;
  /** Where it can no longer be in time here: the turn it gets, so that others pass. */
  laterTurn: Date | null;
}

export function lookAt(candidate: Candidate, learned: LearnedServices, now: Date): FirstLook {
  const { operation, pixels, deadlineAt } = candidate;
  const service = estimateService(operation, pixels, [learned]);
  const leftMs = deadlineAt.getTime() - now.getTime();
  return {
    mayBeLate: leftMs > 0 && service.mean + caution * service.spread > leftMs,
    laterTurn: laterTurn(candidate, service.mean, now),
  };
}

/** The router's choice as if this worker were the only VM, with nothing before the job: it would do it now. */
export function decideFromHere(
  worker: string,
  { workers, ...conditions }: Conditions,
  candidate: Candidate,
  ledger: Ledger,
): RouteChoice {
  const visible = workers
    .filter(({ kind, id }) => kind === 'run' || id === worker)
    .map((each) => (each.id === worker ? { ...each, state: 'ready' as const, slots: 1, ageMs: 0 } : each));
  const here = { ...ledger, vm: { running: nothing, ahead: nothing } };
  return decideRoute({ ...conditions, workers: visible, ...candidate, ledger: here });
}
