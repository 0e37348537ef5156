import type { Job } from '@spillway/core/job.ts';
import { type Awaitable, begin, Pending, type Steps } from '@spillway/core/steps.ts';
import type { Executor, Operate } from '@spillway/pipeline/executor.ts';
import { handlingNextInLine, receiving } from '@spillway/pipeline/handle-message.ts';
import { ofJob } from '@spillway/pipeline/log/of-job.ts';
import type { Outcome } from '@spillway/pipeline/outcome.ts';
import type { Delivery } from '@spillway/pipeline/ports/consumer.ts';
import { awakeMs } from '@spillway/processing/awake-time.ts';
import { expectedMs } from './expected-service.ts';
import { Flights, type OwnFlight } from './flights.ts';

/** The jobs that a worker has in its hands now. */
export interface Workload {
  readonly flights: Flights;
  /** Operations under way. */
  busy(): number;
  /** Jobs in its hands: those that are worked on, and those that are fetched or stored beside them. */
  inFlight(): number;
  /** Executes the job that a message gives this worker. Never rejects. */
  work(delivery: Delivery, flight?: OwnFlight): Awaitable<Outcome>;
  /** Executes the job that is first in the VMs' line. Never rejects. */
  workNext(flight?: OwnFlight): Awaitable<Outcome>;
  /** Gives back the jobs that have not begun; their attempts do not count. */
  giveBackWaiting(): void;
  /** Gives back all jobs that are under way; their attempts do not count. Later jobs are executed again. */
  giveBack(): void;
  /** Resolves when no job is in its hands. */
  idle(): Promise<void>;
}

/** The work on what one message brings. */
export interface Execution {
  operate: Operate;
  prepare?: NonNullable<Executor['prepare']>;
  /** `ms`: from receiving the message to its outcome. */
  onOutcome(outcome: Outcome, ms: number): void;
}

export interface WorkloadOptions {
  /** Operations at a time. */
  slots: number;
  /** Room for the files of all jobs in its hands, in bytes. */
  mostBytes: number;
}

/** @param startExecution Called for every message, and for every look at the VMs' line. */
export function createWorkload(
  executor: Omit<Executor, 'operate' | 'prepare' | 'leaving' | 'flight' | 'hasMessage'>,
  { slots, mostBytes }: WorkloadOptions,
  startExecution: () => Execution,
): Workload {
  const { log, clock, timers } = executor.ports;
  const serviceMs = (job: Job) => expectedMs(job, executor);
  const flights = new Flights({
    slots,
    mostBytes,
    clock,
    timers,
    serviceMs,
    sharesLine: executor.target === 'vm',
  });
  let active = 0;
  let idle = new Pending<void>();

  function* execute(flight: OwnFlight, handle: (executor: Executor) => Steps<Outcome>): Steps<Outcome> {
    active++;
    flight.began();
    const { onOutcome, ...execution } = startExecution();
    // The time in which an instance of Cloud Run stands still because the request was given up does not count.
    const startedAt = awakeMs();
    const outcome = yield* handle({ ...executor, ...execution, flight, leaving: flight.leaving });
    flight.ended();
    if (outcome.kind !== 'nothing_waits') {
      const ms = Math.round(awakeMs() - startedAt);
      onOutcome(outcome, ms);
      const job = 'job' in outcome ? ofJob(outcome.job) : {};
      const why = 'why' in outcome ? outcome.why : undefined;
      log.info({ ...job, outcome: outcome.kind, why, ms }, 'Handled.');
    }
    if (--active === 0) {
      idle.resolve();
      idle = new Pending();
    }
    return outcome;
  }

  return {
    flights,
    busy: () => flights.busy,
    inFlight: () => active,
    work: (delivery, flight = flights.begin()) => begin(execute(flight, (each) => receiving(delivery, each))),
    workNext: (flight = flights.begin()) => begin(execute(flight, handlingNextInLine)),
    giveBackWaiting: () => flights.giveBackWaiting(),
    giveBack: () => flights.giveBackAll(),
    async idle() {
      while (active > 0) await idle;
    },
  };
}
