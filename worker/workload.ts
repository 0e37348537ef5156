import type { Executor, Operate } from '@spillway/pipeline/executor.ts';
import { handleNextInLine, receiveMessage } from '@spillway/pipeline/handle-message.ts';
import { ofJob } from '@spillway/pipeline/log/of-job.ts';
import type { Outcome } from '@spillway/pipeline/outcome.ts';
import type { Delivery } from '@spillway/pipeline/ports/consumer.ts';
import { awakeMs } from '@spillway/processing/awake-time.ts';

/** The jobs that a worker executes now. */
export interface Workload {
  busy(): number;
  /** Executes the job that a message gives this worker. Never rejects. */
  work(delivery: Delivery): Promise<Outcome>;
  /** Executes the job that is first in the VMs' line. Never rejects. */
  workNext(): Promise<Outcome>;
  /** Gives back all jobs that are under way; their attempts do not count. Later jobs are executed again. */
  giveBack(): void;
  /** Resolves when no job is under way. */
  idle(): Promise<void>;
}

/** The work on what one message brings. */
export interface Execution {
  operate: Operate;
  /**
   * Milliseconds that were spent on what would mislead the router, such as fetching a model, which happens once.
   */
  leftOutMs(): number;
  /** `ms`: from receiving the message to its outcome, without what is left out. */
  onOutcome(outcome: Outcome, ms: number): void;
}

/** @param begin Called for every message, and for every look at the VMs' line. */
export function createWorkload(
  executor: Omit<Executor, 'operate' | 'leaving'>,
  begin: () => Execution,
): Workload {
  const { log } = executor.ports;
  const active = new Set<Promise<Outcome>>();
  let leaving = new AbortController();

  async function execute(handle: (executor: Executor) => Promise<Outcome>): Promise<Outcome> {
    const execution = begin();
    // The time in which an instance of Cloud Run stands still because the request was given up does not count.
    const startedAt = awakeMs();
    const outcome = await handle({ ...executor, operate: execution.operate, leaving: leaving.signal });
    if (outcome.kind === 'nothing_waits') return outcome;
    const ms = Math.round(awakeMs() - startedAt - execution.leftOutMs());
    execution.onOutcome(outcome, ms);
    const job = 'job' in outcome ? ofJob(outcome.job) : {};
    const why = 'why' in outcome ? outcome.why : undefined;
    log.info({ ...job, outcome: outcome.kind, why, ms }, 'Handled.');
    return outcome;
  }

  /** The job counts as busy from the call on. */
  function counted(work: Promise<Outcome>): Promise<Outcome> {
    const counting = work.finally(() => active.delete(counting));
    active.add(counting);
    return counting;
  }

  return {
    busy: () => active.size,
    work: (delivery) => counted(execute((each) => receiveMessage(delivery, each))),
    workNext: () => counted(execute(handleNextInLine)),
    giveBack() {
      leaving.abort(new Error('The worker is leaving.'));
      leaving = new AbortController();
    },
    async idle() {
      while (active.size > 0) await Promise.all(active);
    },
  };
}
