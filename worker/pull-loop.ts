import { setTimeout as delay } from 'node:timers/promises';
import type { Background } from '@spillway/core/background.ts';
import { OutageError } from '@spillway/core/errors.ts';
import type { Target } from '@spillway/core/job.ts';
import { overTime, waitFor } from '@spillway/core/steps.ts';
import { serveTurns } from '@spillway/pipeline/handle-message.ts';
import type { PulledMessage } from '@spillway/pipeline/ports/consumer.ts';
import { watchDeliveries } from './delivery-watch.ts';
import { holdMessages } from './held-messages.ts';
import type { Worker } from './worker.ts';

const afterErrorMs = 1_000;

/**
 * `stop` resolves when no more messages will be taken, and those that the last pulls brought are given back. Jobs that
 * are under way go on.
 */
export interface Pulling extends Background {
  /** Takes no new messages, or takes them again; jobs that are under way go on. */
  pause(paused: boolean): void;
  /** Has this number of slots from now on. Jobs that are under way in a slot too many go on. */
  resize(slots: number): void;
  stop(): Promise<void>;
}

/**
 * Each free slot has a pull of its own that waits for one message. So a worker never has more messages than it can work on,
 * which shares a burst evenly between VMs, and a message finds a pull that waits. On a VM, a slot to which no message came
 * looks at the line itself before it pulls again: a message that is lost or late delays no job for longer than a pull takes.
 * @param target Whose messages are pulled.
 * @param atOnce Pulls that wait at the same time, for a worker that shares its messages with nobody. Default: one for each
 * free slot.
 */
export function startPulling(
  target: Target,
  worker: Pick<Worker, 'slots' | 'ports' | 'work'> & Partial<Pick<Worker, 'workNext'>>,
  atOnce: number = Number.POSITIVE_INFINITY,
): Pulling {
  const { workNext } = worker;
  const { consumer, log } = worker.ports;
  const held = holdMessages(worker.ports);
  const watch = watchDeliveries(consumer, log);
  /** Pulls that wait, and messages that are being given back. */
  const open = new Set<Promise<unknown>>();
  let wanted = 0;
  let running = 0;
  let paused = false;
  let stopped = false;
  let changed = Promise.withResolvers<void>();
  const mayTake = () => !paused && !stopped;

  /** Wakes the slots: `paused` or `stopped` has changed. */
  function wake(): void {
    changed.resolve();
    changed = Promise.withResolvers();
  }

  async function runSlot(): Promise<void> {
    running++;
    while (!stopped && running <= wanted) {
      if (paused) await changed.promise;
      else if (open.size >= atOnce) await Promise.race(open);
      else await takeTurns(await untilEnded(pull()));
    }
    running--;
  }

  function resize(slots: number): void {
    wanted = slots;
    while (!stopped && running < wanted) void runSlot();
  }

  /** What `stop` has to wait for. */
  async function untilEnded<Value>(task: Promise<Value>): Promise<Value> {
    open.add(task);
    try {
      return await task;
    } finally {
      open.delete(task);
    }
  }

  /** A message that may be worked on; null where none came. One that comes too late is given back. Never rejects. */
  async function pull(): Promise<PulledMessage | null> {
    try {
      const message = await consumer.pull(target);
      if (message === null) return null;
      held.add(message);
      watch.delivered();
      if (mayTake()) return message;
      await held.settle(message, false);
    } catch (error) {
      if (error instanceof OutageError) log.warn({ error }, 'A pull failed; the next one follows.');
      else log.error({ error }, 'Pulling is not possible as things are configured.');
      await Promise.race([delay(afterErrorMs), changed.promise]);
    }
    return null;
  }

  /** Works on the job of a message, or on what is first in line, and goes on with what waits. */
  async function takeTurns(message: PulledMessage | null): Promise<void> {
    if (!mayTake()) return message ? held.settle(message, false) : undefined;
    if (!workNext) {
      if (message) void held.settle(message, (await worker.work(message)).ack);
      return;
    }
    const first = await (message ? worker.work(message) : workNext());
    if (message === null && 'job' in first) await watch.missed();
    const outcome = await overTime(serveTurns(waitFor(first), () => waitFor(workNext()), mayTake));
    if (message) void held.settle(message, outcome.ack);
  }

  resize(worker.slots);
  return {
    pause(value) {
      paused = value;
      wake();
    },
    resize,
    async stop() {
      stopped = true;
      wake();
      await Promise.all(open);
      held.stopWhenEmpty();
    },
  };
}
