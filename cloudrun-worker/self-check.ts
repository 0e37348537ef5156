import { singleFlight } from '@spillway/core/background.ts';
import { MachineError } from '@spillway/core/errors.ts';
import type { Log } from '@spillway/pipeline/ports/ports.ts';
import type { Worker } from '@spillway/worker/worker.ts';

/** Whether an instance can go on after its machine failed a job. */
export interface SelfCheck {
  /** Why it takes no work now; null while it takes some. */
  unfit(): string | null;
  /** Its machine failed a job. `wantedBytes`: room that the job wanted of its disk. */
  suspect(why: string, wantedBytes: number): void;
  /**
   * Resolves when a self-test has told, where one is wanted. It is made before a request is answered, because an instance
   * has hardly any processor time afterwards.
   */
  settled(): Promise<void>;
  /** Resolves when a self-test has confirmed that the machine cannot work. The instance must end then. */
  lost: Promise<MachineError>;
}

export function createSelfCheck({ selfTest }: Pick<Worker, 'selfTest'>, log: Log): SelfCheck {
  const lost = Promise.withResolvers<MachineError>();
  let wanted: number | null = null;
  let unfit: string | null = null;
  /** How often jobs met a fault. A test that began before the last fault cannot clear the machine of it. */
  let faults = 0;

  const testing = singleFlight(async () => {
    let tested = -1;
    while (tested < faults) {
      tested = faults;
      const problem = await selfTest(wanted ?? 0);
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
    unfit: () => unfit,
    suspect(why, wantedBytes) {
      wanted = Math.max(wanted ?? 0, wantedBytes);
      unfit = why;
      faults++;
    },
    async settled() {
      if (wanted !== null) await testing.run();
    },
  };
}
