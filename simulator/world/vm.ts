import { type OperationName, operationNames } from '@spillway/core/operations.ts';
import { priorServiceMs } from '@spillway/core/routing/service-times.ts';
import { begin, type Steps, waitFor } from '@spillway/core/steps.ts';
import { claimJob } from '@spillway/pipeline/claim.ts';
import { executeClaimed, handling, handlingNextInLine } from '@spillway/pipeline/handle-message.ts';
import { silentLog } from '@spillway/pipeline/memory/ports.ts';
import { type Pulling, startPulling } from '@spillway/worker/pull-loop.ts';
import { createSelfGuard, type SelfGuard } from '@spillway/worker/self-guard.ts';
import type { SelfTestProblem } from '@spillway/worker/self-test.ts';
import { testPicture, testSlowness } from '@spillway/worker/test-picture.ts';
import { Fifo } from '../fifo.ts';
import type { VmReport } from '../policies/policy.ts';
import { type Spell, serviceTimeOf } from '../scenario.ts';
import { Machine } from '../virtual-time.ts';
import type { Message } from './pub-sub.ts';
import type { Puller, SimulatedDelivery, Subscription } from './subscription.ts';
import { SimulatedWorker } from './worker.ts';
import type { World } from './world.ts';

/** One virtual machine: its slots, the worker that lives on it, and the bad times that the scenario gives it. */
export class Vm implements Puller {
  readonly index: number;
  readonly id: string;
  readonly slots: number;
  readonly machine: Machine;
  /** Messages of its own, where every VM has a queue. */
  readonly queue = new Fifo<Message>();
  readonly held = new Map<string, Message>();
  /** What its last heartbeat said. */
  report: VmReport & { atMs: number };
  readonly #world: World;
  readonly #subscription: Subscription;
  readonly #onLeft: () => void;
  #worker: SimulatedWorker;
  #guard: SelfGuard;
  #pulling: Pulling;
  #alive = true;
  #leaving = false;
  #stalled = false;
  #working = 0;
  #busyMs = 0;
  #busySince = 0;

  /** @param onLeft Called when it was told to leave, and has ended its work. */
  constructor(index: number, world: World, subscription: Subscription, onLeft: () => void) {
    this.index = index;
    this.id = `vm-${index + 1}`;
    this.slots = world.scenario.vms.slots;
    this.machine = new Machine(world.engine);
    this.#world = world;
    this.#subscription = subscription;
    this.#onLeft = onLeft;
    [this.#worker, this.#guard, this.#pulling] = this.#boot();
    this.report = { vm: index, slots: this.slots, busy: 0, queued: 0, atMs: 0 };
    this.beat();
  }

  get isLeaving(): boolean {
    return this.#leaving;
  }

  beat(): void {
    if (!this.#alive || this.#stalled) return;
    const { ms } = this.#world.engine;
    this.#countBusy(0);
    const sinceMs = ms - this.report.atMs;
    const load = sinceMs > 0 ? Math.min(1, this.#busyMs / this.slots / sinceMs) : 0;
    this.#busyMs = 0;
    const { inFlight } = this.#worker;
    this.report = { vm: this.index, slots: this.slots, busy: inFlight, queued: this.queue.size, atMs: ms };
    this.#worker.beat(this.#state(), load);
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
    void this.#pulling.stop();
    this.#subscription.endPulls(this);
    this.#leaveIfDone();
  }

  #leaveIfDone(): void {
    if (!this.#leaving || !this.#alive || this.#worker.inFlight > 0) return;
    this.#worker.beat('stopped', 0);
    this.#alive = false;
    this.#onLeft();
  }

  /** Vanishes: what it does is lost. */
  die(): void {
    this.#countBusy(-this.#working);
    this.#alive = false;
    this.machine.die();
    this.#subscription.vanished(this);
  }

  comeBack(): void {
    this.#alive = true;
    [this.#worker, this.#guard, this.#pulling] = this.#boot();
    this.beat();
  }

  stall(ms: number): void {
    this.#stalled = true;
    this.machine.stall(ms);
  }

  endStall(): void {
    this.#stalled = false;
    this.beat();
  }

  #boot(): [SimulatedWorker, SelfGuard, Pulling] {
    const { id, machine, slots } = this;
    const world = this.#world;
    const worker = new SimulatedWorker({
      id,
      kind: 'vm',
      slots,
      machine,
      serviceMs: ({ vmMs }) => vmMs * this.#slowness,
      onOperation: (more) => this.#countBusy(more),
      onOutcome: (outcome, ms) => {
        if (world.policy.reviews) guard.observe(outcome, ms);
        this.#leaveIfDone();
      },
      world,
    });
    const guard = createSelfGuard({
      worker: id,
      ports: worker.executor.ports,
      control: { change() {} },
      test: () => begin(this.#test()),
      onChange: (paused) => {
        pulling.pause(paused);
        this.beat();
      },
    });
    const pulling = this.#pull(worker);
    return [worker, guard, pulling];
  }

  /** As production does; or, as a baseline does, message by message, so that its order is that of the messages. */
  #pull(worker: SimulatedWorker): Pulling {
    const { policy } = this.#world;
    const { flights } = worker;
    const takesTurns = policy.vmQueue === 'turns';
    return startPulling('vm', {
      flights,
      giveBackWaiting: () => flights.giveBackWaiting(),
      work: (delivery, flight = flights.begin()) => {
        const { message } = delivery as SimulatedDelivery;
        return begin(
          worker.execute(flight, (executor) =>
            takesTurns ? handling(message, executor) : executeClaimed(claimJob(message, executor), executor),
          ),
        );
      },
      ...(takesTurns
        ? { workNext: (flight = flights.begin()) => begin(worker.execute(flight, handlingNextInLine)) }
        : {}),
      ports: { consumer: this.#subscription.consumerOf(this), timers: noTimers, log: silentLog },
    });
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

/** Of what the pull loop does in fixed intervals, nothing matters here: a message's time need not be extended. */
const noTimers = { every: () => () => {} };

function isDuring({ atSeconds, forSeconds }: Spell, second: number): boolean {
  return second >= atSeconds && second < atSeconds + forSeconds;
}
