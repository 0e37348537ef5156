import type { Worker } from '../heartbeat.ts';
import type { Target } from '../job.ts';
import { type Figures, figuresOf, mergeFigures } from './figures.ts';
import { learnedBy } from './fleet.ts';
import { mergeLearned } from './service-times.ts';
import type { RouterState } from './state.ts';

/** What all workers together have seen; what none of them has seen lately stays as it was known `before`. */
export function learnFrom(workers: readonly Worker[], before: RouterState): RouterState {
  const reports = (kind: Target) => workers.filter((worker) => worker.kind === kind);
  return {
    ...before,
    learned: {
      vm: mergeLearned(reports('vm').map(learnedBy), before.learned.vm),
      run: mergeLearned(reports('run').map(learnedBy), before.learned.run),
    },
    delivery: {
      vm: deliveryOf(reports('vm')) ?? before.delivery.vm,
      run: deliveryOf(reports('run')) ?? before.delivery.run,
    },
    coldStart: coldStartOf(reports('run')) ?? before.coldStart,
  };
}

function deliveryOf(workers: Worker[]): Figures | null {
  return mergeFigures(workers.flatMap(({ delivery }) => delivery ?? []));
}

/** Each instance has had one cold start, or none that a job waited for. */
function coldStartOf(instances: Worker[]): Figures | null {
  return figuresOf(instances.flatMap(({ coldStartMs }) => coldStartMs ?? []));
}
