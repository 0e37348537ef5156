import type { JobMessage } from '@spillway/core/messages.ts';
import { afterFailure, afterSuccess, firstPace, pushesAtOnce } from '@spillway/core/push-delivery.ts';
import { slotsOfInstance } from '@spillway/core/settings.ts';
import { launch, type Steps } from '@spillway/core/steps.ts';
import type { Bill } from '../bill.ts';
import { Fifo } from '../fifo.ts';
import { Machine } from '../virtual-time.ts';
import { SimulatedWorker } from './worker.ts';
import type { World } from './world.ts';

/** A push that Pub/Sub makes again and again until it is settled. */
interface Request {
  message: JobMessage;
  /** Of the instance that is started for it, where one is. */
  coldStartMs: number;
  refusals: number;
  waiting: boolean;
}

interface Instance {
  worker: SimulatedWorker;
  ready: boolean;
  ended: boolean;
  busy: number;
  /** Requests since it last became busy, and when that was. */
  requests: number;
  busySince: number;
  /** When it was last ready and without a request. */
  idleSince: number;
  /** Grows whenever the instance becomes busy or idle, so that plans for the other state no longer hold. */
  spell: number;
  beatAt: number;
}

/**
 * A service that Pub/Sub pushes to. A request takes a free place on a warm instance. Where there is none it waits in
 * line for the first place that becomes free, on a warm instance or on a new one; the number of instances has a maximum.
 * A request that has waited for too long is refused with 429: Pub/Sub then pushes nothing for a while, and this one
 * again after pauses that double.
 */
export class CloudRun {
  readonly #world: World;
  readonly #bill: Bill;
  #instances: Instance[] = [];
  #started = 0;
  readonly #pending = new Fifo<Request>();
  #waiting = 0;
  /** What the push window or the backoff holds back. */
  readonly #backlog = new Fifo<Request>();
  #underWay = 0;
  #pace = firstPace;
  #pausedUntil = 0;
  /** Instances that are kept started, with or without requests. */
  #minimum = 0;
  /** Minimum instances without a request, and since when they are so many. */
  #idle = 0;
  #idleSince = 0;
  refusals = 0;
  coldStarts = 0;

  constructor(world: World, bill: Bill) {
    this.#world = world;
    this.#bill = bill;
  }

  /**
   * Keeps this many instances started from now on. Idle ones above it end when their time is over.
   * @param coldStartMs Of each instance that is started for it.
   */
  keep(minimum: number, coldStartMs: () => number): void {
    const { engine, scenario } = this.#world;
    this.#minimum = Math.min(minimum, scenario.run.maxInstances);
    while (this.#instances.length < this.#minimum) this.#start(coldStartMs());
    for (const instance of this.#instances.filter(({ ready, busy }) => ready && busy === 0)) {
      if (engine.ms - instance.idleSince >= scenario.run.idleMs) this.#endUnlessKept(instance);
    }
    this.#countIdle();
  }

  /** Bills minimum instances for the time without a request, up to now. Those that start or work are billed for that. */
  #countIdle(): void {
    if (this.#minimum === 0 && this.#idle === 0) return;
    const { ms } = this.#world.engine;
    this.#bill.idle(this.#idle * (ms - this.#idleSince));
    const active = this.#instances.filter(({ ready, busy }) => !ready || busy > 0).length;
    this.#idle = Math.max(0, Math.min(this.#minimum, this.#instances.length) - active);
    this.#idleSince = ms;
  }

  /** Bills what is idle at the end of the run. */
  close(): void {
    this.#countIdle();
  }

  /** Pub/Sub's push arrives. */
  push(message: JobMessage, coldStartMs: number): void {
    this.#send({ message, coldStartMs, refusals: 0, waiting: false });
  }

  #send(request: Request): void {
    this.#backlog.push(request);
    this.#pushOn();
  }

  /** Pushes what the window and the backoff allow. */
  #pushOn(): void {
    while (this.#underWay < pushesAtOnce(this.#pace) && this.#world.engine.ms >= this.#pausedUntil) {
      const request = this.#backlog.shift();
      if (!request) return;
      this.#underWay++;
      const instance = this.#instances.find((each) => this.#hasRoom(each));
      if (instance) this.#serve(instance, request);
      else this.#wait(request);
    }
  }

  #wait(request: Request): void {
    const { engine, scenario } = this.#world;
    request.waiting = true;
    this.#pending.push(request);
    this.#waiting++;
    this.#startIfNeeded(request.coldStartMs);
    engine.after(scenario.run.pendingMs, () => {
      if (!request.waiting) return;
      request.waiting = false;
      this.#waiting--;
      this.refusals++;
      this.#settle(request, false);
    });
  }

  #startIfNeeded(coldStartMs: number): void {
    const { scenario } = this.#world;
    const { maxInstances, concurrency } = scenario.run;
    const starting = this.#instances.filter(({ ready }) => !ready).length;
    if (this.#instances.length >= maxInstances || starting * concurrency >= this.#waiting) return;
    this.#start(coldStartMs);
  }

  #start(coldStartMs: number): void {
    const { engine } = this.#world;
    const worker = new SimulatedWorker({
      id: `run-${++this.#started}`,
      kind: 'run',
      slots: slotsOfInstance(this.#world.policy.settings),
      machine: new Machine(engine),
      serviceMs: ({ runMs }) => runMs,
      world: this.#world,
    });
    const instance: Instance = {
      worker,
      ready: false,
      ended: false,
      busy: 0,
      requests: 0,
      busySince: 0,
      idleSince: 0,
      spell: 0,
      beatAt: 0,
    };
    this.#instances.push(instance);
    this.coldStarts++;
    this.#bill.busy(coldStartMs, 0);
    engine.after(coldStartMs, () => {
      instance.ready = true;
      this.#beat(instance);
      this.#takeWaiting(instance);
      if (instance.busy === 0) this.#endWhenIdle(instance);
      this.#countIdle();
    });
  }

  #takeWaiting(instance: Instance): void {
    while (this.#hasRoom(instance)) {
      const request = this.#pending.shift();
      if (!request) return;
      if (!request.waiting) continue;
      request.waiting = false;
      this.#waiting--;
      this.#serve(instance, request);
    }
  }

  #serve(instance: Instance, request: Request): void {
    if (instance.busy++ === 0) this.#becomeBusy(instance);
    instance.requests++;
    launch(this.#answer(instance, request));
  }

  *#answer(instance: Instance, request: Request): Steps<void> {
    const { worker } = instance;
    const outcome = yield* worker.handle(request.message);
    if (--instance.busy === 0) this.#becomeIdle(instance);
    this.#takeWaiting(instance);
    this.#settle(request, outcome.ack);
  }

  /** Pub/Sub has its answer: it pushes on, faster or slower, and this message again if it has to. */
  #settle(request: Request, settled: boolean): void {
    const { engine, scenario } = this.#world;
    const { firstMs, mostMs } = scenario.run.backoff;
    this.#underWay--;
    if (settled) {
      this.#pace = afterSuccess(this.#pace);
      this.#pushOn();
      return;
    }
    this.#pace = afterFailure(this.#pace);
    this.#pausedUntil = engine.ms + this.#pace.backoffMs;
    engine.at(this.#pausedUntil, () => this.#pushOn());
    const pauseMs = Math.min(mostMs, firstMs * 2 ** request.refusals);
    engine.after(pauseMs, () => this.#send({ ...request, refusals: request.refusals + 1 }));
  }

  /** Between requests an instance has no processor, so it beats only while it is busy, and what is overdue at once. */
  #becomeBusy(instance: Instance): void {
    const { engine, policy } = this.#world;
    const spell = ++instance.spell;
    instance.busySince = engine.ms;
    this.#countIdle();
    const beatWhileBusy = () => {
      if (instance.spell !== spell) return;
      this.#beat(instance);
      engine.after(policy.heartbeatMs, beatWhileBusy);
    };
    engine.at(instance.beatAt + policy.heartbeatMs, beatWhileBusy);
  }

  #becomeIdle(instance: Instance): void {
    const { engine } = this.#world;
    instance.spell++;
    this.#bill.busy(engine.ms - instance.busySince, instance.requests);
    instance.requests = 0;
    this.#endWhenIdle(instance);
    this.#countIdle();
  }

  #endWhenIdle(instance: Instance): void {
    const { engine, scenario } = this.#world;
    const { spell } = instance;
    instance.idleSince = engine.ms;
    engine.after(scenario.run.idleMs, () => {
      if (instance.spell === spell && !instance.ended) this.#endUnlessKept(instance);
    });
  }

  #endUnlessKept(instance: Instance): void {
    if (this.#instances.length <= this.#minimum) return;
    instance.ended = true;
    this.#instances = this.#instances.filter((each) => each !== instance);
    this.#beat(instance);
    this.#countIdle();
  }

  #hasRoom({ ready, busy }: Instance): boolean {
    return ready && busy < this.#world.scenario.run.concurrency;
  }

  #beat(instance: Instance): void {
    const { scenario, engine } = this.#world;
    const { worker, busy, ended } = instance;
    instance.beatAt = engine.ms;
    worker.beat(ended ? 'stopped' : 'ready', busy / scenario.run.concurrency);
  }
}
