import { launch, type Steps, waitFor } from '@spillway/core/steps.ts';
import { claimJob } from '@spillway/pipeline/claim.ts';
import { claimFirstInLine, claimInTurn } from '@spillway/pipeline/take-turn.ts';
import { Fifo } from '../fifo.ts';
import { drawDelay } from '../jobs.ts';
import { type Random, randomStream } from '../random.ts';
import type { Spell } from '../scenario.ts';
import type { Message } from './pub-sub.ts';
import { serveTurns } from './serve-turns.ts';
import { Vm } from './vm.ts';
import type { World } from './world.ts';

/** The VMs and their subscription: a VM with a free slot asks, and takes one message at a time. */
export class VmPool {
  vms: Vm[] = [];
  readonly #world: World;
  readonly #shared = new Fifo<Message>();
  readonly #random: Random;
  /** Whom Pub/Sub answers first. */
  #turn = 0;
  /** VMs that are paid for and do not work yet. */
  #booting = 0;
  #created = 0;
  /** When each VM was created, and what was paid for those that have left. Milliseconds. */
  readonly #createdAt = new Map<Vm, number>();
  #leftMs = 0;

  /** @param count VMs that work from the start. */
  constructor(world: World, count: number) {
    const { policy, engine, seed } = world;
    this.#world = world;
    this.#random = randomStream(seed, 'vm pool');
    for (let vms = policy.usesVms ? count : 0; vms > 0; vms--) this.#add(engine.ms);
  }

  /** Has more VMs created, or the newest ones leave, so that this many remain. */
  resize(count: number): void {
    const { engine, scenario } = this.#world;
    const staying = this.vms.filter((vm) => !vm.isLeaving);
    const more = count - staying.length - this.#booting;
    for (let missing = more; missing > 0; missing--) {
      const createdAt = engine.ms;
      this.#booting++;
      engine.after(drawDelay(scenario.pool.boot, this.#random), () => {
        this.#booting--;
        this.#add(createdAt);
        this.#handOut();
      });
    }
    for (const vm of more < 0 ? staying.slice(more) : []) {
      vm.drain();
      this.#letLeave(vm);
    }
  }

  /** Hours of VMs that were paid for until now. */
  hours(): number {
    const { ms } = this.#world.engine;
    let paidMs = this.#leftMs;
    for (const vm of this.vms) paidMs += ms - (this.#createdAt.get(vm) ?? ms);
    return paidMs / 3_600_000;
  }

  #add(createdAt: number): void {
    const { engine, policy, idleTime } = this.#world;
    const vm = new Vm(this.#created++, this.#world, () => this.#handOut());
    this.vms.push(vm);
    this.#createdAt.set(vm, createdAt);
    const phase = this.#random.uniform() * policy.heartbeatMs;
    engine.after(phase, () => {
      vm.beat();
      idleTime.addBeats(engine.repeat(policy.heartbeatMs, () => vm.beat()));
    });
    this.#planFaults(vm);
  }

  #letLeave(vm: Vm): void {
    if (!vm.hasLeft) return;
    vm.stop();
    this.vms = this.vms.filter((each) => each !== vm);
    this.#leftMs += this.#world.engine.ms - (this.#createdAt.get(vm) ?? 0);
  }

  /** A message can be pulled from now on. */
  arrive(message: Message): void {
    const vm = this.#world.vmOf(message.jobId);
    const own = vm === undefined ? undefined : this.vms[vm];
    (own?.queue ?? this.#shared).push(message);
    this.#handOut();
  }

  #handOut(): void {
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
    launch(this.#serve(vm, message, delayMs));
  }

  *#serve(vm: Vm, message: Message, delayMs: number): Steps<void> {
    const { engine, policy, scenario } = this.#world;
    yield* waitFor(vm.machine.pause(delayMs));
    const takesTurns = policy.vmQueue === 'turns';
    const outcome = takesTurns
      ? yield* this.#serveTurns(vm, message)
      : yield* vm.work((executor) => claimJob(message, executor), engine.ms);
    // After Pub/Sub's first pause.
    if (!outcome.ack) engine.after(scenario.run.backoff.firstMs, () => this.arrive(message));
    vm.held.delete(message);
    this.#letLeave(vm);
    const next = takesTurns || !vm.takesWork ? undefined : (vm.queue.shift() ?? this.#shared.shift());
    // A baseline's worker fetches ahead: it has the next message at hand.
    if (next) this.#pull(vm, next, this.#nextMs());
    else this.#handOut();
  }

  /** As a VM's pull loop does: the slot goes on with what is first in line, without asking Pub/Sub. */
  #serveTurns(vm: Vm, message: Message) {
    const { engine } = this.#world;
    return serveTurns(
      vm.work((executor) => claimInTurn(message, executor), engine.ms),
      () => this.#workNext(vm),
      () => vm.takesWork,
    );
  }

  *#workNext(vm: Vm) {
    const sinceMs = this.#world.engine.ms;
    yield* waitFor(vm.machine.pause(this.#nextMs()));
    return yield* vm.work(claimFirstInLine, sinceMs);
  }

  #nextMs(): number {
    return drawDelay(this.#world.scenario.vms.next, this.#random);
  }

  #planFaults(vm: Vm): void {
    const { engine, scenario } = this.#world;
    const { vmDeaths, vmStalls } = scenario.faults;
    const plan = (spells: Spell[], begins: (ms: number) => void, ends: () => void) => {
      for (const { atSeconds, forSeconds } of spells.filter((spell) => spell.vm === vm.index)) {
        engine.at(atSeconds * 1_000, () => {
          begins(forSeconds * 1_000);
          engine.after(forSeconds * 1_000, ends);
        });
      }
    };
    const bringAgain = (message: Message) => engine.after(scenario.vms.leaseMs, () => this.arrive(message));
    plan(
      vmDeaths,
      () => vm.die().forEach(bringAgain),
      () => vm.comeBack(),
    );
    plan(
      vmStalls,
      (ms) => vm.stall(ms),
      () => vm.endStall(),
    );
  }
}
