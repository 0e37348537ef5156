/** Something that goes on in the background until it is stopped. */
export interface Background {
  /** Resolves when what is in progress has ended. A second call does no harm. */
  stop(): Promise<void>;
}

export interface SingleFlight<Value> {
  /** Starts the task, or joins the one that is running. */
  run(): Promise<Value>;
  /** Resolves when the task is not running. Never rejects. */
  landed(): Promise<void>;
}

/**
 * A task that never runs twice at a time.
 * @see https://pkg.go.dev/golang.org/x/sync/singleflight where the name comes from
 */
export function singleFlight<Value>(task: () => Promise<Value>): SingleFlight<Value> {
  let flight: Promise<Value> | null = null;
  return {
    run() {
      flight ??= task().finally(() => {
        flight = null;
      });
      return flight;
    },
    async landed() {
      await flight?.catch(() => {});
    },
  };
}

export interface Recurring extends Background {
  /** Runs a round that sees what is so now: at once, or after the round in progress. Resolves when it has ended. */
  runNow(): Promise<void>;
}

export interface RecurringOptions {
  /** Milliseconds from the start of one round to the next; a round that takes longer skips the next ones. */
  everyMs: number;
  timers: { every(ms: number, action: () => void): () => void };
  round: () => Promise<void>;
  /** Told of a round that failed. The next one follows all the same. */
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
  const rounds = singleFlight(async () => {
    try {
      await round();
    } catch (error) {
      onError(error);
    }
  });
  const stopTimer = timers.every(everyMs, () => void rounds.run());
  return {
    async runNow() {
      await rounds.landed();
      if (!stopped) await rounds.run();
    },
    async stop() {
      stopped = true;
      stopTimer();
      await rounds.landed();
    },
  };
}
