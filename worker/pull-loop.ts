import type { Background } from '@spillway/core/background.ts';
import { OutageError } from '@spillway/core/errors.ts';
import type { Target } from '@spillway/core/job.ts';
import { launch, overTime, Pending, type Steps, waitFor } from '@spillway/core/steps.ts';
import type { Outcome } from '@spillway/pipeline/outcome.ts';
import type { PulledMessage } from '@spillway/pipeline/ports/consumer.ts';
import type { AppPorts } from '@spillway/pipeline/ports/ports.ts';
import { outsideSpans } from '@spillway/pipeline/telemetry/traced.ts';
import { watchDeliveries } from './delivery-watch.ts';
import type { OwnFlight } from './flights.ts';
import { holdMessages } from './held-messages.ts';
import type { Workload } from './workload.ts';

const afterErrorMs = 1_000;

/**
 * `stop` resolves when no more messages will be taken, and those that the last pulls brought are given back. Jobs that
 * have not begun are given back at once; jobs that are under way go on.
 */
export interface Pulling extends Background {
  /** Takes no new messages and gives back the jobs that have not begun, or takes messages again. */
  pause(paused: boolean): void;
  /** Has this number of slots from now on. Operations that are under way in a slot too many go on. */
  resize(slots: number): void;
  stop(): Promise<void>;
}

/** A worker that pulls. Only a VM has a line that it can look at. */
export type PullingWorker = Pick<Workload, 'flights' | 'work' | 'giveBackWaiting'> &
  Partial<Pick<Workload, 'workNext'>> & {
    ports: Pick<AppPorts, 'consumer' | 'timers' | 'log'>;
  };

/**
 * Takes the next job whenever the worker's flights have a place for one. Each place has a pull of its own that waits for
 * one message. So a worker never has more messages than it can work on, which shares a burst evenly between VMs, and a
 * message finds a pull that waits. On a VM a message is a turn and not a job: while jobs wait, the next one is what is first
 * in line, and the queue need not be asked. A VM to which no message came looks at the line as well before it pulls again: a
 * message that is lost or late delays no job for longer than a pull takes.
 * @param target Whose messages are pulled.
 * @param atOnce Pulls that wait at the same time, for a worker that shares its messages with nobody. Default: one for each
 * place.
 */
export function startPulling(
  target: Target,
  worker: PullingWorker,
  atOnce: number = Number.POSITIVE_INFINITY,
): Pulling {
  const { flights, workNext, giveBackWaiting } = worker;
  const { consumer, timers, log } = worker.ports;
  const held = holdMessages(worker.ports);
  const watch = watchDeliveries(consumer, log);
  /** Pulls that wait, and messages that are being given back. */
  let open = 0;
  /** Whether the last look at the line found a job. */
  let moreWait = false;
  let paused = false;
  let stopped = false;
  let changed = new Pending<void>();
  const mayTake = () => !paused && !stopped;

  /** `paused`, `stopped` or `open` has changed. */
  function wake(): void {
    const before = changed;
    changed = new Pending();
    before.resolve();
    flights.lookAgain();
  }

  function* run(): Steps<void> {
    const needsNoPull = () => workNext !== undefined && moreWait;
    const hasPlace = () => mayTake() && (open < atOnce || needsNoPull());
    for (;;) {
      yield* flights.untilNext(hasPlace, () => stopped);
      if (stopped) return;
      launch(outsideSpans(take(flights.begin(foundOne))));
    }
  }

  /** The line may have another job. */
  function foundOne(): void {
    moreWait = true;
  }

  function* take(flight: OwnFlight): Steps<void> {
    try {
      if (workNext && moreWait) yield* look(flight, workNext);
      else yield* takeMessage(flight);
    } finally {
      flight.ended();
    }
  }

  function* takeMessage(flight: OwnFlight): Steps<void> {
    const message = yield* pull();
    if (message) {
      const outcome = yield* waitFor(worker.work(message, flight));
      note(outcome);
      yield* held.settle(message, outcome.ack);
    } else if (workNext && mayTake()) {
      if (yield* look(flight, workNext)) yield* watch.missed();
    }
  }

  /** Executes what is first in line. Whether there was a job. */
  function* look(flight: OwnFlight, next: NonNullable<typeof workNext>): Steps<boolean> {
    const outcome = yield* waitFor(next(flight));
    note(outcome);
    return 'job' in outcome;
  }

  /** After what could not be done for now, the next job comes with a message: it is not looked for at once. */
  function note(outcome: Outcome): void {
    const foundNone =
      outcome.kind === 'nothing_waits' || (outcome.kind === 'dropped' && outcome.why !== 'claim_lost');
    if (foundNone || outcome.kind === 'given_back') moreWait = false;
  }

  /** A message that may be worked on; null where none came. One that comes too late is given back. Never throws. */
  function* pull(): Steps<PulledMessage | null> {
    open++;
    try {
      const message = yield* waitFor(consumer.pull(target));
      if (message === null) return null;
      held.add(message);
      watch.delivered();
      if (mayTake()) return message;
      yield* held.settle(message, false);
    } catch (error) {
      if (error instanceof OutageError) log.warn({ error }, 'A pull failed; the next one follows.');
      else log.error({ error }, 'Pulling is not possible as things are configured.');
      yield* pauseAfterError();
    } finally {
      open--;
      wake();
    }
    return null;
  }

  /** Shorter where something has changed. */
  function* pauseAfterError(): Steps<void> {
    const over = new Pending<void>();
    const cancel = timers.every(afterErrorMs, () => over.resolve());
    changed.then(
      () => over.resolve(),
      () => {},
    );
    yield* waitFor(over);
    cancel();
  }

  function* end(): Steps<void> {
    stopped = true;
    giveBackWaiting();
    wake();
    while (open > 0) yield* waitFor(changed);
    held.stopWhenEmpty();
  }

  launch(run());
  return {
    pause(value) {
      paused = value;
      if (paused) giveBackWaiting();
      wake();
    },
    resize: (slots) => flights.resize(slots),
    stop: () => overTime(end()),
  };
}
