import { v1 } from '@google-cloud/pubsub';
import { isPassing } from '@spillway/pipeline/gcp/outages.ts';
import { subscriptionNames } from '@spillway/pipeline/gcp/queue.ts';
import type { Outcome } from '@spillway/pipeline/outcome.ts';
import type { Log } from '@spillway/pipeline/ports/ports.ts';
import type { Worker } from '@spillway/worker/worker.ts';
import { type Lease, startLeases } from './leases.ts';

/** One pull waits at most this long for a message; the server ends it sooner when it likes. Milliseconds. */
const pullTimeoutMs = 60_000;
const afterErrorMs = 1_000;
/** Then the message is let go, so that none is held for ever. */
const turnsPerMessage = 50;
const deadlineExceeded = 4;
const cancelled = 1;

export interface Pulling {
  /** Stops asking for new work, or asks again; what is in progress goes on. */
  pause(paused: boolean): void;
  /** Stops asking for new work for good. */
  stop(): Promise<void>;
}

/**
 * Pulls as many messages as slots are free, one unary pull at a time: a streaming pull would fetch the backlog onto
 * whichever worker came first.
 */
export async function startPulling(worker: Worker, log: Log): Promise<Pulling> {
  const { pubsub } = worker.ports;
  // The emulator's address and credentials are the high-level client's knowledge.
  const clientConfig = (await pubsub.getClientConfig()) as ConstructorParameters<
    typeof v1.SubscriberClient
  >[0];
  const client = new v1.SubscriberClient(clientConfig);
  const subscription = `projects/${pubsub.projectId}/subscriptions/${subscriptionNames.vm}`;
  const leases = startLeases(client, subscription, log);
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
        for (const lease of await pull(free)) void (paused ? lease.end(false) : serve(lease));
      } catch (error) {
        log.warn({ error }, 'A pull failed; the next one follows.');
        await Promise.race([new Promise((resolve) => setTimeout(resolve, afterErrorMs)), changed.promise]);
      }
    }
  }

  async function pull(maxMessages: number): Promise<Lease[]> {
    try {
      const options = { timeout: pullTimeoutMs, retry: null, signal: leaving.signal };
      const [{ receivedMessages }] = await client.pull({ subscription, maxMessages }, options);
      return (receivedMessages ?? []).map((received) => leases.take(received));
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === deadlineExceeded || code === cancelled) return [];
      if (!isPassing(error)) log.error({ error }, 'Pulling is not possible as things are configured.');
      throw error;
    }
  }

  /**
   * A message is a turn and not a job: while jobs wait, the slot goes on with the next at once, instead of asking
   * Pub/Sub first. The messages of jobs that are done that way find nothing to do when they come.
   */
  async function serve(lease: Lease): Promise<void> {
    serving++;
    let outcome = await worker.work(lease.data);
    for (let turns = 1; goesOn(outcome) && turns < turnsPerMessage; turns++)
      outcome = await worker.workNext();
    serving--;
    wake();
    await lease.end(outcome.ack);
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
      leases.stopWhenEmpty();
    },
  };
}
