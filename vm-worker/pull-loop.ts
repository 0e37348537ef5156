import { setTimeout as delay } from 'node:timers/promises';
import { OutageError } from '@spillway/core/errors.ts';
import type { Outcome } from '@spillway/pipeline/outcome.ts';
import type { PulledMessage } from '@spillway/pipeline/ports/consumer.ts';
import type { Worker } from '@spillway/worker/worker.ts';
import { holdMessages } from './held-messages.ts';

const afterErrorMs = 1_000;
/** After this many jobs on one message it is acknowledged, so that none is held for ever. */
const turnsPerMessage = 50;

export interface Pulling {
  /** Stops asking for new work, or asks again; what is in progress goes on. */
  pause(paused: boolean): void;
  /** Stops asking for new work for good. */
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

  /** Wakes the loop: a slot is free, or it shall pause, go on or stop. */
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

  /**
   * A message is a turn and not a job: while jobs wait, the slot goes on with the next at once, instead of asking the
   * queue first. The messages of jobs that are done that way find nothing to do when they come.
   */
  async function serve(message: PulledMessage): Promise<void> {
    held.add(message);
    if (paused) return held.settle(message, false);
    serving++;
    let outcome = await worker.work(message.data);
    for (let turns = 1; goesOn(outcome) && turns < turnsPerMessage; turns++)
      outcome = await worker.workNext();
    serving--;
    wake();
    await held.settle(message, outcome.ack);
  }

  function goesOn(outcome: Outcome): boolean {
    return outcome.ack && outcome.kind !== 'nothing_waits' && !paused && !stopped;
  }

  const looping = loop();
  return {
    pause(value) {
      // A pull that is under way goes on: cancelled, it could leave a message in nobody's hands until its deadline.
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
