import { type OperationName, operationNames } from '@spillway/core/operations.ts';
import { priorServiceMs } from '@spillway/core/routing/service-times.ts';
import { begin, type Steps, waitFor } from '@spillway/core/steps.ts';
import type { ClaimAnswer } from '@spillway/pipeline/claim.ts';
import type { Executor } from '@spillway/pipeline/executor.ts';
import type { Outcome } from '@spillway/pipeline/outcome.ts';
import { createSelfGuard, type SelfGuard } from '@spillway/worker/self-guard.ts';
import type { SelfTestProblem } from '@spillway/worker/self-test.ts';
import { testPicture, testSlowness } from '@spillway/worker/test-picture.ts';
import { Fifo } from '../fifo.ts';
import type { VmReport } from '../policies/policy.ts';
import { type Spell, serviceTimeOf } from '../scenario.ts';
import { Machine } from '../virtual-time.ts';
import type { Message } from './pub-sub.ts';
import { SimulatedWorker } from './worker.ts';
import type { World } from './world.ts';

/** One virtual machine: its slots, the worker that lives on it, and the bad times that the scenario gives it. */
export class Vm {
  readonly index: number;
  readonly id: string;
  readonly slots: number;
  readonly machine: Machine;
  /** Messages of its own, where every VM has a queue. */
  readonly queue = new Fifo<Message>();
  /** Messages that a slot is asking for or working on. */
  readonly held = new Set<Message>();
  /** What its last heartbeat said. */
  report: VmReport & { atMs: number };
  readonly #world: World;
  readonly #onReady: () => void;
  #worker: SimulatedWorker;
  #guard: SelfGuard;
  #alive = true;
  #leaving = false;
  #stalled = false;
  #working = 0;
  #busyMs = 0;
  #busySince = 0;

  /** @param onReady Called when it takes work again. */
  constructor(index: number, world: World, onReady: () => void) {
    this.index = index;
    this.id = `vm-${index + 1}`;
    this.slots = world.scenario.vms.slots;
    this.machine = new Machine(world.engine);
    this.#world = world;
    this.#onReady = onReady;
    [this.#worker, this.#guard] = this.#boot();
    this.report = { vm: index, slots: this.slots, busy: 0, queued: 0, atMs: 0 };
    this.beat();
  }

  get takesWork(): boolean {
    return this.#alive && !this.#leaving && !this.#stalled && !this.#guard.paused;
  }

  get isLeaving(): boolean {
    return this.#leaving;
  }

  /** It was told to end, and what was under way has ended. */
  get hasLeft(): boolean {
    return this.#leaving && this.held.size === 0;
  }

  get free(): number {
    return this.takesWork ? this.slots - this.held.size : 0;
  }

  /** Executes what a claim gives it. `sinceMs`: when it began to look for work. */
  *work(claim: (executor: Executor) => Steps<ClaimAnswer | null>, sinceMs: number): Steps<Outcome> {
    const { executor } = this.#worker;
    this.#countBusy(+1);
    const { outcome, ms } = yield* this.#worker.execute(claim(executor), sinceMs);
    this.#countBusy(-1);
    if (this.#world.policy.reviews) this.#guard.observe(outcome, ms);
    return outcome;
  }

  beat(): void {
    if (!this.#alive || this.#stalled) return;
    const { ms } = this.#world.engine;
    this.#countBusy(0);
    const sinceMs = ms - this.report.atMs;
    const load = sinceMs > 0 ? Math.min(1, this.#busyMs / this.slots / sinceMs) : 0;
    this.#busyMs = 0;
    const busy = this.held.size;
    this.report = { vm: this.index, slots: this.slots, busy, queued: this.queue.size, atMs: ms };
    this.#worker.beat(this.#state(), busy, load);
  }

  /** Whether routers believe that it lives. */
  isHeardOf(): boolean {
    const { engine, policy } = this.#world;
    return !this.#guard.paused && engine.ms - this.report.atMs <= policy.settings.vm.liveWithinMs;
  }

  #state(): 'draining' | 'paused' | 'ready' {
    if (this.#leaving) return 'draining';
    return this.#guard.paused ? 'paused' : 'ready';
  }

  /** Takes nothing new, and ends what is under way. */
  drain(): void {
    this.#leaving = true;
    this.beat();
  }

  /** Its last heartbeat. */
  stop(): void {
    this.#worker.beat('stopped', 0, 0);
    this.#alive = false;
  }

  /** Vanishes: what it does is lost. Returns what it held. */
  die(): Message[] {
    const lost = [...this.held];
    this.#countBusy(-this.#working);
    this.#alive = false;
    this.machine.die();
    this.held.clear();
    return lost;
  }

  comeBack(): void {
    this.#alive = true;
    [this.#worker, this.#guard] = this.#boot();
    this.#goOn();
  }

  stall(ms: number): void {
    this.#stalled = true;
    this.machine.stall(ms);
  }

  endStall(): void {
    this.#stalled = false;
    this.#goOn();
  }

  #boot(): [SimulatedWorker, SelfGuard] {
    const { id, machine } = this;
    const world = this.#world;
    const serviceMs = ({ vmMs }: { vmMs: number }) => vmMs * this.#slowness;
    const worker = new SimulatedWorker({ id, kind: 'vm', slots: this.slots, machine, serviceMs, world });
    const guard = createSelfGuard({
      worker: id,
      ports: worker.executor.ports,
      control: { change() {} },
      test: () => begin(this.#test()),
      onChange: () => this.#goOn(),
    });
    return [worker, guard];
  }

  #goOn(): void {
    this.beat();
    this.#onReady();
  }

  /** Every operation with the self-test's picture. */
  *#test(): Steps<SelfTestProblem | null> {
    const times = operationNames.map((operation) => this.#testMs(operation));
    const slow = operationNames.some(
      (operation, index) =>
        (times[index] ?? 0) > testSlowness * priorServiceMs(operation, testPicture.pixels),
    );
    yield* waitFor(this.machine.pause(times.reduce((sum, ms) => sum + ms, 0)));
    return slow ? { lack: null, why: 'It is slow.' } : null;
  }

  #testMs(operation: OperationName): number {
    const { fixedMs, perMegapixelMs } = serviceTimeOf(this.#world.scenario, 'vm', operation);
    return this.#slowness * (fixedMs + (perMegapixelMs * testPicture.pixels) / 1e6);
  }

  /** How many times as long as usual work takes that begins now. */
  get #slowness(): number {
    const { engine, scenario } = this.#world;
    return scenario.faults.slowVms
      .filter((slow) => slow.vm === this.index && isDuring(slow, engine.ms / 1_000))
      .reduce((factor, slow) => factor * slow.factor, 1);
  }

  #countBusy(more: number): void {
    const { ms } = this.#world.engine;
    this.#busyMs += this.#working * (ms - this.#busySince);
    this.#busySince = ms;
    this.#working += more;
  }
}

function isDuring({ atSeconds, forSeconds }: Spell, second: number): boolean {
  return second >= atSeconds && second < atSeconds + forSeconds;
}
