import { drawDelay } from '../jobs.ts';
import { type Random, randomStream } from '../random.ts';
import type { Spell } from '../scenario.ts';
import type { Message } from './pub-sub.ts';
import { Subscription } from './subscription.ts';
import { Vm } from './vm.ts';
import type { World } from './world.ts';

/** The VMs and their subscription. */
export class VmPool {
  vms: Vm[] = [];
  readonly subscription: Subscription;
  readonly #world: World;
  readonly #random: Random;
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
    this.subscription = new Subscription(world);
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
      });
    }
    for (const vm of more < 0 ? staying.slice(more) : []) vm.drain();
  }

  /** Hours of VMs that were paid for until now. */
  hours(): number {
    const { ms } = this.#world.engine;
    let paidMs = this.#leftMs;
    for (const vm of this.vms) paidMs += ms - (this.#createdAt.get(vm) ?? ms);
    return paidMs / 3_600_000;
  }

  /** A message can be pulled from now on. */
  arrive(message: Message): void {
    const vm = this.#world.vmOf(message.jobId);
    this.subscription.arrive(message, vm === undefined ? undefined : this.vms[vm]);
  }

  #add(createdAt: number): void {
    const { engine, policy, idleTime } = this.#world;
    const vm: Vm = new Vm(this.#created++, this.#world, this.subscription, () => this.#remove(vm));
    this.vms.push(vm);
    this.#createdAt.set(vm, createdAt);
    const phase = this.#random.uniform() * policy.heartbeatMs;
    engine.after(phase, () => {
      vm.beat();
      idleTime.addBeats(engine.repeat(policy.heartbeatMs, () => vm.beat()));
    });
    this.#planFaults(vm);
  }

  #remove(vm: Vm): void {
    this.vms = this.vms.filter((each) => each !== vm);
    this.#leftMs += this.#world.engine.ms - (this.#createdAt.get(vm) ?? 0);
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
    plan(
      vmDeaths,
      () => vm.die(),
      () => vm.comeBack(),
    );
    plan(
      vmStalls,
      (ms) => vm.stall(ms),
      () => vm.endStall(),
    );
  }
}
