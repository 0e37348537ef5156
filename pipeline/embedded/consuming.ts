import { setTimeout as delay } from 'node:timers/promises';
import type { Background } from '@spillway/core/background.ts';
import type { Log } from '../ports/ports.ts';
import type { Messages, TakenMessage } from './messages.ts';
import type { Subscription } from './subscriptions.ts';
import type { WaitingPulls } from './waiting-pulls.ts';

/** One pull waits at most this long for a message. Milliseconds. */
const pullMs = 60_000;
/** Pause after the database did not answer, in milliseconds. */
const outageMs = 1_000;

export interface ConsumingOptions {
  subscription: Subscription;
  messages: Messages;
  pulls: WaitingPulls;
  log: Log;
  /** Messages that are handled at the same time. */
  atOnce: number;
  /** Resolves once the message is done with. One that rejects comes again after a pause that grows. */
  handle(message: TakenMessage): Promise<void>;
}

/** `stop` resolves once no message is handled any more. None is taken from then on. */
export interface Consuming extends Background {
  stop(): Promise<void>;
}

/** Takes the messages of a subscription and handles each within its ack deadline, until it is stopped. */
export function startConsuming(options: ConsumingOptions): Consuming {
  const { subscription, messages, pulls, log, atOnce, handle } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const underWay = new Set<Promise<void>>();
  const running = run();

  async function run(): Promise<void> {
    while (!signal.aborted) {
      if (underWay.size >= atOnce) await Promise.race(underWay);
      else for (const message of await pull(atOnce - underWay.size)) begin(message);
    }
    await Promise.all(underWay);
  }

  async function pull(most: number): Promise<TakenMessage[]> {
    try {
      return await pulls.pull(subscription, most, pullMs, signal);
    } catch (error) {
      log.warn(
        { error, subscription: subscription.name },
        'No message could be taken; the next try follows.',
      );
      await delay(outageMs, undefined, { signal }).catch(() => {});
      return [];
    }
  }

  function begin(message: TakenMessage): void {
    const handling = consume(message).finally(() => underWay.delete(handling));
    underWay.add(handling);
  }

  /** Never rejects. */
  async function consume(message: TakenMessage): Promise<void> {
    const { ackId, deliveryAttempt } = message;
    try {
      try {
        await handle(message);
      } catch (error) {
        const fields = { error, subscription: subscription.name, deliveryAttempt };
        log.warn(fields, 'A message could not be handled. It comes again.');
        return await messages.refuse(ackId);
      }
      await messages.acknowledge(ackId);
    } catch (error) {
      log.warn({ error }, 'A message could not be settled; it comes again at its ack deadline.');
    }
  }

  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
