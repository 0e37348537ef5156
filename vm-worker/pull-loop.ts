import { setTimeout as delay } from 'node:timers/promises';
import type { Background } from '@spillway/core/background.ts';
import { OutageError } from '@spillway/core/errors.ts';
import { overTime, waitFor } from '@spillway/core/steps.ts';
import { serveTurns } from '@spillway/pipeline/handle-message.ts';
import type { PulledMessage } from '@spillway/pipeline/ports/consumer.ts';
import type { Worker } from '@spillway/worker/worker.ts';
import { holdMessages } from './held-messages.ts';

const afterErrorMs = 1_000;

/** `stop` resolves when no more messages will be taken; jobs that are under way go on. */
export interface Pulling extends Background {
  /** Takes no new messages, or takes them again; jobs that are under way go on. */
  pause(paused: boolean): void;
  stop(): Promise<void>;
}

/** Pulls as many messages as slots are free, one pull at a time. */
export function startPulling(worker: Pick<Worker, 'slots' | 'ports' | 'work' | 'workNext'>): Pulling {
  const { consumer, log } = worker.ports;
  const held = holdMessages(worker.ports);
  let serving = 0;
  let paused = false;
  let stopped = false;
  let changed = Promise.withResolvers<void>();
  const leaving = new AbortController();

  /** Wakes the loop: a slot is free, or `paused` or `stopped` has changed. */
  function wake(): void {
    changed.resolve();
    changed = Promise.withResolvers();
  }

  async function loop(): Promise<void> {
    while (!stopped) {
      const free = worker.slots - serving;
      if (paused || free <= 0) {
        await changed.promise;
        continue;
      }
      try {
        const messages = await consumer.pull(free, leaving.signal);
        for (const message of messages) void serve(message);
      } catch (error) {
        if (error instanceof OutageError) log.warn({ error }, 'A pull failed; the next one follows.');
        else log.error({ error }, 'Pulling is not possible as things are configured.');
        await Promise.race([delay(afterErrorMs), changed.promise]);
      }
    }
  }

  async function serve(message: PulledMessage): Promise<void> {
    held.add(message);
    if (paused) return held.settle(message, false);
    serving++;
    const first = waitFor(worker.work(message.data));
    const next = () => waitFor(worker.workNext());
    const outcome = await overTime(serveTurns(first, next, () => !paused && !stopped));
    serving--;
    wake();
    await held.settle(message, outcome.ack);
  }

  const looping = loop();
  return {
    pause(value) {
      // A pull under way is not cancelled: its message could be held by nobody until its ack deadline.
      paused = value;
      wake();
    },
    async stop() {
      stopped = true;
      leaving.abort();
      wake();
      await looping;
      held.stopWhenEmpty();
    },
  };
}
