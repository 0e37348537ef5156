import { Pending } from '@spillway/core/steps.ts';
import { type Consumer, type PulledMessage, pullEndsWithinMs } from '@spillway/pipeline/ports/consumer.ts';
import { Fifo } from '../fifo.ts';
import { type Random, randomStream } from '../random.ts';
import type { Machine } from '../virtual-time.ts';
import type { Message } from './pub-sub.ts';
import type { World } from './world.ts';

/** A message that a VM has pulled. */
export interface SimulatedDelivery extends PulledMessage {
  message: Message;
}

/** A VM as its subscription knows it. */
export interface Puller {
  machine: Machine;
  /** Messages that are for it alone, where every VM has a queue. */
  queue: Fifo<Message>;
  /** What it has pulled and not settled, by the id of the delivery. */
  held: Map<string, Message>;
}

interface Pull {
  puller: Puller;
  sinceMs: number;
  answer: Pending<SimulatedDelivery | null>;
  /** Whether somebody will end it: a pull at a time when no job is open goes on. */
  ends: boolean;
}

/** The VMs' subscription. Each pull waits for one message; Pub/Sub promises nothing about which pull gets it. */
export class Subscription {
  readonly #world: World;
  readonly #shared = new Fifo<Message>();
  readonly #random: Random;
  readonly #pulls: Pull[] = [];
  #deliveries = 0;

  constructor(world: World) {
    this.#world = world;
    this.#random = randomStream(world.seed, 'subscription');
  }

  /** A message can be pulled from now on: by this VM, or by any. */
  arrive(message: Message, puller?: Puller): void {
    (puller?.queue ?? this.#shared).push(message);
    this.#handOut();
  }

  consumerOf(puller: Puller): Consumer {
    const { engine, scenario } = this.#world;
    const consumer: Pick<Consumer, 'pull' | 'settle' | 'extend' | 'reconnect'> = {
      pull: () => {
        const pull: Pull = { puller, sinceMs: engine.ms, answer: new Pending(), ends: false };
        this.#pulls.push(pull);
        this.#endInTime(pull);
        this.#handOut();
        return pull.answer;
      },
      settle: (ackId, ack) => {
        const message = puller.held.get(ackId);
        puller.held.delete(ackId);
        // After Pub/Sub's first pause.
        if (message && !ack) engine.after(scenario.run.backoff.firstMs, () => this.arrive(message));
      },
      // A message comes again when its VM vanishes, and not before.
      extend() {},
      reconnect() {},
    };
    // A pull loop asks for no more.
    return consumer as Consumer;
  }

  /** Pulls that went on because no job was open end again. */
  jobCreated(): void {
    for (const pull of this.#pulls) if (!pull.ends) this.#endInTime(pull);
  }

  /** This VM's pulls end now. */
  endPulls(puller: Puller): void {
    for (const pull of this.#pulls.filter((each) => each.puller === puller)) this.#answer(pull, null);
  }

  /** This VM has vanished: its messages come again when nobody has extended their time. */
  vanished(puller: Puller): void {
    const { engine, scenario } = this.#world;
    for (const pull of this.#pulls.filter((each) => each.puller === puller)) this.#remove(pull);
    for (const message of puller.held.values()) {
      engine.after(scenario.vms.leaseMs, () => this.arrive(message));
    }
    puller.held.clear();
  }

  /** A pull that finds nothing waiting at its end would only be followed by the next one. */
  #endInTime(pull: Pull): void {
    const { engine, hasOpenJobs } = this.#world;
    const lasted = engine.ms - pull.sinceMs;
    pull.ends = true;
    engine.at(pull.sinceMs + (Math.floor(lasted / pullEndsWithinMs) + 1) * pullEndsWithinMs, () => {
      pull.ends = false;
      if (hasOpenJobs()) this.#answer(pull, null);
    });
  }

  #handOut(): void {
    for (let index = 0; index < this.#pulls.length; ) {
      const pull = this.#pulls[index];
      const message = pull?.puller.queue.shift();
      if (pull && message) this.#deliver(pull, message);
      else index++;
    }
    while (this.#shared.size > 0 && this.#pulls.length > 0) {
      const pull = this.#pulls[Math.floor(this.#random.uniform() * this.#pulls.length)];
      const message = this.#shared.shift();
      if (pull && message) this.#deliver(pull, message);
    }
  }

  #deliver(pull: Pull, message: Message): void {
    const ackId = String(++this.#deliveries);
    pull.puller.held.set(ackId, message);
    this.#answer(pull, { data: '', trace: null, ackId, message }, message.pullMs);
  }

  #answer(pull: Pull, delivery: SimulatedDelivery | null, afterMs = 0): void {
    if (this.#remove(pull)) pull.puller.machine.after(afterMs, () => pull.answer.resolve(delivery));
  }

  /** False where it has its answer. */
  #remove(pull: Pull): boolean {
    const place = this.#pulls.indexOf(pull);
    if (place < 0) return false;
    const last = this.#pulls.pop();
    if (last && last !== pull) this.#pulls[place] = last;
    return true;
  }
}
