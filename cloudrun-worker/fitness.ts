import type { MachineError } from '@spillway/core/errors.ts';
import type { Outcome } from '@spillway/pipeline/outcome.ts';
import type { Log } from '@spillway/pipeline/ports/ports.ts';
import type { Worker } from '@spillway/worker/worker.ts';
import type { PushWork } from './app.ts';
import { createSelfCheck } from './self-check.ts';

export interface Fitness {
  /** The worker's `work`, followed by a self-test where its machine failed the job. */
  work: PushWork;
  observe(outcome: Outcome): void;
  /** Resolves when a self-test has confirmed that the machine cannot work. The instance must end then. */
  lost: Promise<MachineError>;
}

/** Lets an instance whose machine failed a job take no messages until a self-test went well. */
export function createFitness(
  worker: Pick<Worker, 'slots' | 'busy' | 'inFlight' | 'work' | 'giveBackWaiting' | 'selfTest'>,
  concurrency: number,
  log: Log,
): Fitness {
  const check = createSelfCheck(worker, log);
  return {
    lost: check.lost,
    observe(outcome) {
      if (outcome.kind !== 'given_back' || !outcome.lack) return;
      check.suspect(outcome.why, outcome.lack.wantedBytes);
      // Others do them while this machine is tried out.
      worker.giveBackWaiting();
    },
    work: {
      slots: worker.slots,
      concurrency,
      busy: worker.busy,
      inFlight: worker.inFlight,
      unfit: check.unfit,
      async work(delivery) {
        const outcome = await worker.work(delivery);
        await check.settled();
        return outcome;
      },
    },
  };
}
