import { singleFlight } from '@spillway/core/background.ts';
import { MachineError } from '@spillway/core/errors.ts';
import type { Outcome } from '@spillway/pipeline/outcome.ts';
import type { Log } from '@spillway/pipeline/ports/ports.ts';
import type { Worker } from '@spillway/worker/worker.ts';
import type { PushWork } from './app.ts';

export interface Fitness {
  /** The worker's `work`, followed by a self-test where its machine failed the job. */
  work: PushWork;
  observe(outcome: Outcome): void;
  /** Resolves when a self-test has confirmed that the machine cannot work. The instance must end then. */
  lost: Promise<MachineError>;
}

/**
 * Decides whether this instance can go on. After its machine failed a job, it takes no messages until a self-test went
 * well. The test is made before the request is answered, because an instance has hardly any processor time afterwards.
 */
export function createFitness(
  worker: Pick<Worker, 'slots' | 'busy' | 'work' | 'selfTest'>,
  log: Log,
): Fitness {
  const lost = Promise.withResolvers<MachineError>();
  let wanted: number | null = null;
  let unfit: string | null = null;
  /** How often jobs met a fault. A test that began before the last fault cannot clear the machine of it. */
  let faults = 0;

  const testing = singleFlight(async () => {
    let tested = -1;
    while (tested < faults) {
      tested = faults;
      const problem = await worker.selfTest(wanted ?? 0);
      if (!problem) continue;
      unfit = problem.why;
      lost.resolve(new MachineError(problem.lack ?? 'processes', problem.why));
      return;
    }
    unfit = null;
    wanted = null;
    log.info({}, 'The self-test went well: this instance takes work again.');
  });

  return {
    lost: lost.promise,
    observe(outcome) {
      if (outcome.kind !== 'given_back' || !outcome.lack) return;
      wanted = Math.max(wanted ?? 0, outcome.lack.wantedBytes);
      unfit = outcome.why;
      faults++;
    },
    work: {
      slots: worker.slots,
      busy: worker.busy,
      unfit: () => unfit,
      async work(delivery) {
        const outcome = await worker.work(delivery);
        if (wanted !== null) await testing.run();
        return outcome;
      },
    },
  };
}
