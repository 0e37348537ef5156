import type { Job } from '@spillway/core/job.ts';
import { witnessOf } from '@spillway/core/routing/breakers.ts';
import { expectedServiceMs } from '@spillway/worker/expected-service.ts';
import { drawDelay } from '../jobs.ts';
import type { Policy } from '../policies/policy.ts';
import { type Random, randomStream } from '../random.ts';
import type { Scenario } from '../scenario.ts';
import { type Attempt, type Attempts, type Message, resultOf } from './attempts.ts';
import type { Documents } from './documents.ts';
import type { Engine } from './engine.ts';
import { Fifo } from './fifo.ts';
import type { Fleet } from './fleet.ts';
import { type Router, takeFirstInLine } from './take-turn.ts';
import { type Outcome, Vm } from './vm.ts';

/** As in vm-worker/pull-loop.ts. */
const turnsPerMessage = 50;

export interface PoolParts {
  scenario: Scenario;
  policy: Policy;
  engine: Engine;
  documents: Documents;
  fleet: Fleet;
  attempts: Attempts;
  seed: number;
  router: Router;
}

/** The VMs and their subscription: who has a free slot asks, and takes one message at a time. */
export class VmPool {
  readonly vms: Vm[];
  readonly #parts: PoolParts;
  readonly #shared = new Fifo<Message>();
  readonly #random: Random;
  /** Whom Pub/Sub answers first. */
  #turn = 0;

  constructor(parts: PoolParts) {
    const { scenario, policy, engine, fleet, seed } = parts;
    this.#parts = parts;
    this.#random = randomStream(seed, 'vm pool');
    const count = policy.usesVms ? scenario.vms.count : 0;
    this.vms = Array.from(
      { length: count },
      (_, index) => new Vm(index, scenario, engine, fleet, () => this.#serve()),
    );
    for (const vm of this.vms) {
      vm.beat();
      const phase = this.#random.uniform() * policy.heartbeatMs;
      engine.after(phase, () => engine.every(policy.heartbeatMs, () => vm.beat()));
      this.#planFaults(vm);
    }
  }

  /** A message can be pulled from now on. */
  arrive(message: Message): void {
    const own = message.vm === undefined ? undefined : this.vms[message.vm];
    if (own) own.queue.push(message);
    else this.#shared.push(message);
    this.#serve();
  }

  #serve(): void {
    for (const vm of this.vms) {
      while (vm.free > 0) {
        const message = vm.queue.shift();
        if (!message) break;
        this.#pull(vm, message, message.pullMs);
      }
    }
    while (this.#shared.size > 0) {
      const vm = this.#freest();
      const message = vm && this.#shared.shift();
      if (!message) return;
      this.#pull(vm, message, message.pullMs);
    }
  }

  /** Pub/Sub promises nothing about who gets a message; of those who ask for more, more get one. */
  #freest(): Vm | null {
    let best: Vm | null = null;
    for (let offset = 0; offset < this.vms.length; offset++) {
      const vm = this.vms[(this.#turn + offset) % this.vms.length];
      if (vm && vm.free > (best?.free ?? 0)) best = vm;
    }
    this.#turn++;
    return best;
  }

  #pull(vm: Vm, message: Message, delayMs: number): void {
    vm.held.add(message);
    vm.after(delayMs, () => {
      const attempt = this.#claim(vm, message);
      if (attempt) this.#work(vm, message, attempt);
      else this.#let(vm, message);
    });
  }

  #claim(vm: Vm, message: Message): Attempt | null {
    const { policy, attempts } = this.#parts;
    const first = policy.vmQueue === 'turns' ? takeFirstInLine(vm, this.#parts) : null;
    return first ?? attempts.claim(message, vm.id);
  }

  #work(vm: Vm, message: Message, attempt: Attempt, turns = 1): void {
    const { entry, crashesAfter } = attempt;
    const serviceMs = entry.drawn.vmMs * vm.slowness;
    vm.start(attempt);
    vm.after(serviceMs * (crashesAfter ?? 1), () => {
      vm.end(attempt);
      const { job } = entry;
      const ended = this.#parts.attempts.end(attempt, vm.book);
      if (this.#parts.policy.reviews) vm.observe(outcomeOf(attempt, job, serviceMs));
      if (ended === 'given back') {
        this.#bringAgain(message);
        this.#let(vm, message);
      } else this.#goOn(vm, message, turns);
    });
  }

  /**
   * The slot takes what waits without asking Pub/Sub first: the next in line, as vm-worker/pull-loop.ts does, or the next
   * message, as a baseline's worker that fetches ahead would have it at hand.
   */
  #goOn(vm: Vm, message: Message, turns: number): void {
    const { policy, scenario } = this.#parts;
    const nextMs = drawDelay(scenario.vms.next, this.#random);
    if (policy.vmQueue !== 'turns') {
      const next = vm.takesWork ? (vm.queue.shift() ?? this.#shared.shift()) : undefined;
      vm.held.delete(message);
      if (next) this.#pull(vm, next, nextMs);
      else this.#serve();
    } else if (turns < turnsPerMessage && vm.takesWork) {
      vm.after(nextMs, () => {
        const attempt = takeFirstInLine(vm, this.#parts);
        if (attempt) this.#work(vm, message, { ...attempt, lookMs: nextMs }, turns + 1);
        else this.#let(vm, message);
      });
    } else this.#let(vm, message);
  }

  /** The slot is free again. */
  #let(vm: Vm, message: Message): void {
    vm.held.delete(message);
    this.#serve();
  }

  /** After Pub/Sub's first pause. */
  #bringAgain(message: Message): void {
    const { engine, scenario } = this.#parts;
    engine.after(scenario.run.backoff.firstMs, () => this.arrive(message));
  }

  #planFaults(vm: Vm): void {
    const { engine, attempts, scenario } = this.#parts;
    const { vmDeaths, vmStalls } = scenario.faults;
    for (const { atSeconds, forSeconds } of vmDeaths.filter((death) => death.vm === vm.index)) {
      engine.at(atSeconds * 1_000, () => {
        for (const attempt of vm.attempts) attempts.abandon(attempt);
        for (const message of vm.die()) {
          engine.after(scenario.vms.leaseMs, () => this.arrive(message));
        }
        engine.after(forSeconds * 1_000, () => vm.comeBack());
      });
    }
    for (const { atSeconds, forSeconds } of vmStalls.filter((stall) => stall.vm === vm.index)) {
      engine.at(atSeconds * 1_000, () => {
        for (const attempt of vm.attempts) attempts.abandon(attempt);
        vm.stall(forSeconds * 1_000);
        engine.after(forSeconds * 1_000, () => {
          for (const attempt of vm.attempts) attempts.resume(attempt);
          vm.goOn();
        });
      });
    }
  }
}

function outcomeOf({ crashesAfter, entry }: Attempt, job: Job, servedMs: number): Outcome {
  const witness = witnessOf(job);
  if (crashesAfter !== null) return { witness, failedJob: job.id };
  return { witness, servedMs, predictedMs: expectedServiceMs({ ...job, result: resultOf(entry) }) };
}
