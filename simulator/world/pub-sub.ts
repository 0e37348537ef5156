import type { Target } from '@spillway/core/job.ts';
import { type JobMessage, probeOf } from '@spillway/core/messages.ts';
import type { Queue } from '@spillway/pipeline/ports/queue.ts';
import type { Bill } from '../bill.ts';
import { drawDelay, type SimulatedJob } from '../jobs.ts';
import { type Random, randomStream } from '../random.ts';
import type { Delay, Scenario } from '../scenario.ts';
import type { Engine } from '../virtual-time.ts';

/** A message on its way, with what was drawn for its job. */
export interface Message extends JobMessage {
  drawn: SimulatedJob;
  /** From a free slot's asking to the claim, in milliseconds. */
  pullMs: number;
}

export interface PubSubParts {
  engine: Engine;
  scenario: Scenario;
  seed: number;
  bill: Bill;
  drawnOf(jobId: string): SimulatedJob;
  /** Takes a message whose time has come. */
  deliver(target: Target, message: Message): void;
  /** Takes the message that tries Cloud Run out. No job is drawn for it. */
  deliverProbe(message: JobMessage, coldStartMs: number): void;
}

/** The topics. A message is delivered at least once, and sometimes late. */
export class PubSub implements Queue {
  /** Jobs that were published on one side and later on the other. */
  moves = 0;
  readonly #parts: PubSubParts;
  readonly #random: Random;
  /** Where each job was published last. */
  readonly #sides = new Map<string, Target>();

  constructor(parts: PubSubParts) {
    this.#parts = parts;
    this.#random = randomStream(parts.seed, 'redelivery');
  }

  publish(target: Target, message: JobMessage): void {
    if (probeOf(message) !== null) {
      this.#publishProbe(message);
      return;
    }
    const { duplicate, delayed } = this.#parts.scenario.faults;
    const before = this.#sides.get(message.jobId);
    this.#sides.set(message.jobId, target);
    if (before) this.#parts.bill.extraMessage();
    if (before && before !== target) this.moves++;
    const random = this.#random;
    const lateMs = random.uniform() < delayed.probability ? drawDelay(delayed.delay, random) : 0;
    this.#deliver(target, message, lateMs, before === undefined);
    if (random.uniform() < duplicate) this.#deliver(target, message, drawDelay(delayed.delay, random), false);
  }

  #publishProbe(message: JobMessage): void {
    const { engine, scenario, bill, deliverProbe } = this.#parts;
    const { push, coldStart } = scenario.run;
    bill.extraMessage();
    const coldStartMs = drawDelay(coldStart, this.#random);
    engine.after(drawDelay(push, this.#random), () => deliverProbe(message, coldStartMs));
  }

  /** Nobody listens. */
  announce(): void {}

  bury(data: string, problem: string): never {
    throw new Error(`A simulated message cannot be read: ${problem} ${data}`);
  }

  /** Of a first message the delays are the job's own, so that they are the same under every policy. */
  #deliver(target: Target, message: JobMessage, lateMs: number, isFirst: boolean): void {
    const { engine, scenario, drawnOf, deliver } = this.#parts;
    const { vms, run } = scenario;
    const drawn = drawnOf(message.jobId);
    const drawnOr = (own: number, delay: Delay) => (isFirst ? own : drawDelay(delay, this.#random));
    const pullMs = drawnOr(drawn.pullMs, vms.pull);
    const wayMs = target === 'vm' ? drawnOr(drawn.publishMs, vms.publish) : drawnOr(drawn.pushMs, run.push);
    engine.after(lateMs + wayMs, () => deliver(target, { ...message, drawn, pullMs }));
  }
}
