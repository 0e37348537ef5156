import type { Database } from './database.ts';
import type { Messages, TakenMessage } from './messages.ts';
import type { Subscription } from './subscriptions.ts';

/** The pulls of this process that wait for a message. */
export interface WaitingPulls {
  /**
   * Waits for messages, and resolves to up to `most` of them, or to none once `waitMs` milliseconds have passed or the
   * signal is aborted. Messages that have been taken by then are given nevertheless.
   * @throws OutageError
   */
  pull(
    subscription: Subscription,
    most: number,
    waitMs: number,
    signal?: AbortSignal,
  ): Promise<TakenMessage[]>;
  /** This process has published something. */
  look(): void;
  /** Ends all pulls without a message. */
  close(): void;
}

interface Waiter {
  most: number;
  endsAt: number;
  resolve(messages: TakenMessage[]): void;
  reject(error: unknown): void;
}

/** Those who wait for one subscription. */
interface Line {
  subscription: Subscription;
  waiters: Set<Waiter>;
  /** Fires when the next message is due. */
  due: NodeJS.Timeout | null;
  /** Something may have changed since the last look. */
  lookAgain: boolean;
  looking: boolean;
}

/** A timer is no longer than this, so that a clock that is set does no lasting harm. Milliseconds. */
const longestTimerMs = 5_000;

/**
 * One look at the database serves all pulls of this process that wait for a subscription. It follows each change of the
 * database, by any process, and the moment when a message that is held or that pauses is due.
 */
export function createWaitingPulls(database: Database, messages: Messages): WaitingPulls {
  const lines = new Map<string, Line>();
  let stopListening: (() => void) | null = null;
  const now = () => database.clock.now().getTime();

  function lineOf(subscription: Subscription): Line {
    const known = lines.get(subscription.name);
    if (known) return known;
    const line: Line = { subscription, waiters: new Set(), due: null, lookAgain: false, looking: false };
    lines.set(subscription.name, line);
    return line;
  }

  function lookAtAll(): void {
    for (const line of lines.values()) if (line.waiters.size > 0) void look(line);
  }

  async function look(line: Line): Promise<void> {
    line.lookAgain = true;
    if (line.looking) return;
    line.looking = true;
    try {
      while (line.lookAgain && line.waiters.size > 0) {
        line.lookAgain = false;
        await serveWhileDue(line);
      }
    } catch (error) {
      for (const waiter of line.waiters) waiter.reject(error);
      line.waiters.clear();
    } finally {
      line.looking = false;
    }
  }

  async function serveWhileDue(line: Line): Promise<void> {
    while (line.waiters.size > 0) {
      // Looking needs no lock, and most looks find nothing.
      const dueAt = await messages.firstDueAt(line.subscription);
      if (dueAt === null || dueAt > now()) return lookWhenDue(line, dueAt);
      await serve(line);
    }
  }

  /** Other processes may have been quicker: then nothing is taken. */
  async function serve(line: Line): Promise<void> {
    // What is taken belongs to these, so none of them may end in between.
    const served = [...line.waiters];
    line.waiters.clear();
    try {
      const wanted = served.reduce((sum, { most }) => sum + most, 0);
      const taken = wanted === 0 ? [] : await messages.take(line.subscription, wanted);
      for (const waiter of served) {
        const given = taken.splice(0, waiter.most);
        if (given.length > 0 || waiter.endsAt <= performance.now()) waiter.resolve(given);
        else line.waiters.add(waiter);
      }
    } catch (error) {
      for (const waiter of served) waiter.reject(error);
    }
  }

  function lookWhenDue(line: Line, dueAt: number | null): void {
    if (line.due !== null) clearTimeout(line.due);
    line.due = null;
    if (dueAt === null) return;
    const restMs = Math.max(1, Math.min(longestTimerMs, dueAt - now()));
    line.due = setTimeout(() => void look(line), restMs).unref();
  }

  return {
    async pull(subscription, most, waitMs, signal) {
      if (signal?.aborted) return [];
      stopListening ??= database.changes.listen(lookAtAll);
      const line = lineOf(subscription);
      const { promise, resolve, reject } = Promise.withResolvers<TakenMessage[]>();
      const waiter: Waiter = { most, endsAt: performance.now() + waitMs, resolve, reject };
      const end = () => {
        waiter.endsAt = 0;
        if (line.waiters.delete(waiter)) resolve([]);
      };
      const timer = setTimeout(end, waitMs);
      signal?.addEventListener('abort', end);
      line.waiters.add(waiter);
      void look(line);
      try {
        return await promise;
      } finally {
        clearTimeout(timer);
        signal?.removeEventListener('abort', end);
      }
    },
    look: lookAtAll,
    close() {
      stopListening?.();
      stopListening = null;
      for (const line of lines.values()) {
        lookWhenDue(line, null);
        for (const waiter of line.waiters) waiter.resolve([]);
        line.waiters.clear();
      }
    },
  };
}
