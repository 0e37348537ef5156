import { type Awaitable, begin, isThenable, type Steps, type Thenable, waitFor } from './steps.ts';

/** Something that goes on in the background until it is stopped. */
export interface Background {
  /** Resolves when what is in progress has ended. A second call does no harm. */
  stop(): Awaitable<void>;
}

export interface SingleFlight<Value> {
  /** Starts the task, or joins the one that is running. */
  run(): Awaitable<Value>;
  /** Resolves when the task is not running. Never rejects. */
  landed(): Awaitable<void>;
}

/**
 * A task that never runs twice at a time.
 * @see https://pkg.go.dev/golang.org/x/sync/singleflight where the name comes from
 */
export function singleFlight<Value>(task: () => Awaitable<Value>): SingleFlight<Value> {
  let flight: Thenable<Value> | null = null;

  function* fly(): Steps<Value> {
    try {
      return (yield* waitFor(task())) as Value;
    } finally {
      flight = null;
    }
  }

  function* land(): Steps<void> {
    try {
      yield* waitFor(flight);
    } catch {
      // Those who ran it are told.
    }
  }

  return {
    run() {
      if (flight) return flight;
      const begun = begin(fly());
      if (isThenable(begun)) flight = begun;
      return begun;
    },
    landed: () => (flight ? begin(land()) : undefined),
  };
}

export interface Recurring extends Background {
  /** Runs a round that sees what is so now: at once, or after the round in progress. Resolves when it has ended. */
  runNow(): Awaitable<void>;
}

export interface RecurringOptions {
  /** Milliseconds from the start of one round to the next; a round that takes longer skips the next ones. */
  everyMs: number;
  timers: { every(ms: number, action: () => void): () => void };
  round: () => Awaitable<void>;
  /** Told of a round that failed. The next one follows nevertheless. */
  onError: (error: unknown) => void;
}

/**
 * Runs a task again and again, one round at a time, until it is stopped. The first round begins after `everyMs`.
 * @example
 * const sweeping = startRecurring({ everyMs: 2_000, timers, round: sweep, onError: (error) => log.warn({ error }, '…') });
 * await sweeping.stop();
 */
export function startRecurring({ everyMs, timers, round, onError }: RecurringOptions): Recurring {
  let stopped = false;
  const rounds = singleFlight(() => begin(oneRound()));

  function* oneRound(): Steps<void> {
    try {
      yield* waitFor(round());
    } catch (error) {
      onError(error);
    }
  }

  function* roundAfterThis(): Steps<void> {
    yield* waitFor(rounds.landed());
    if (!stopped) yield* waitFor(rounds.run());
  }

  const stopTimer = timers.every(everyMs, () => void rounds.run());
  return {
    runNow: () => begin(roundAfterThis()),
    stop() {
      stopped = true;
      stopTimer();
      return rounds.landed();
    },
  };
}
