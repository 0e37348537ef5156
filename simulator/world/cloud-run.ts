import { OperationStatsBook } from '@spillway/worker/operation-stats.ts';
import type { Scenario } from '../scenario.ts';
import type { Attempts, Message } from './attempts.ts';
import type { Bill } from './bill.ts';
import type { Engine } from './engine.ts';
import { Fifo } from './fifo.ts';
import type { Fleet } from './fleet.ts';

/** What a delivery costs that meets nothing to do: one document read, in milliseconds. */
const dropMs = 20;

/** A push that Pub/Sub makes again and again until it is settled. */
interface Request {
  message: Message;
  refusals: number;
  waiting: boolean;
}

interface Instance {
  id: string;
  ready: boolean;
  ended: boolean;
  busy: number;
  /** Requests since it last became busy, and when that was. */
  requests: number;
  busySince: number;
  /** Grows whenever it becomes busy or idle: what was planned for the other no longer holds. */
  spell: number;
  beatAt: number;
  startedAt: Date;
  book: OperationStatsBook;
}

export interface CloudRunParts {
  scenario: Scenario;
  engine: Engine;
  fleet: Fleet;
  attempts: Attempts;
  bill: Bill;
  heartbeatMs: number;
}

/**
 * A service that Pub/Sub pushes to. A request takes a free place on a warm instance, or waits, first come first
 * served, for whichever is free first: one of those or a new instance, of which there are up to a maximum. One that has
 * waited for too long is refused with 429, and Pub/Sub pushes it again after pauses that double.
 */
export class CloudRun {
  readonly #parts: CloudRunParts;
  #instances: Instance[] = [];
  #started = 0;
  readonly #pending = new Fifo<Request>();
  #waiting = 0;
  /** Beyond the most pushes under way. */
  readonly #backlog = new Fifo<Request>();
  #inFlight = 0;
  refusals = 0;
  coldStarts = 0;

  constructor(parts: CloudRunParts) {
    this.#parts = parts;
  }

  /** Pub/Sub's push arrives. */
  push(message: Message): void {
    this.#send({ message, refusals: 0, waiting: false });
  }

  #send(request: Request): void {
    const { maxInFlight } = this.#parts.scenario.run;
    if (maxInFlight !== null && this.#inFlight >= maxInFlight) {
      this.#backlog.push(request);
      return;
    }
    this.#inFlight++;
    const instance = this.#instances.find((each) => this.#hasRoom(each));
    if (instance) this.#serve(instance, request);
    else this.#wait(request);
  }

  #wait(request: Request): void {
    const { engine, scenario } = this.#parts;
    request.waiting = true;
    this.#pending.push(request);
    this.#waiting++;
    this.#startIfNeeded(request.message.entry.drawn.coldStartMs);
    engine.after(scenario.run.pendingMs, () => {
      if (!request.waiting) return;
      request.waiting = false;
      this.#waiting--;
      this.refusals++;
      this.#settle(request, false);
    });
  }

  #startIfNeeded(coldStartMs: number): void {
    const { engine, scenario, bill } = this.#parts;
    const { maxInstances, concurrency } = scenario.run;
    const starting = this.#instances.filter(({ ready }) => !ready).length;
    if (this.#instances.length >= maxInstances || starting * concurrency >= this.#waiting) return;
    const startedAt = engine.date;
    const instance: Instance = {
      id: `run-${++this.#started}`,
      ready: false,
      ended: false,
      busy: 0,
      requests: 0,
      busySince: 0,
      spell: 0,
      beatAt: 0,
      startedAt,
      book: new OperationStatsBook(() => startedAt),
    };
    this.#instances.push(instance);
    this.coldStarts++;
    bill.busy(coldStartMs, 0);
    engine.after(coldStartMs, () => {
      instance.ready = true;
      this.#beat(instance);
      this.#takeWaiting(instance);
      if (instance.busy === 0) this.#endWhenIdle(instance);
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
    const { engine, attempts } = this.#parts;
    if (instance.busy++ === 0) this.#becomeBusy(instance);
    instance.requests++;
    const attempt = attempts.claim(request.message, instance.id);
    const serviceMs = attempt ? attempt.entry.drawn.runMs * (attempt.crashesAfter ?? 1) : dropMs;
    engine.after(serviceMs, () => {
      const comesAgain = attempt !== null && attempts.end(attempt, instance.book) === 'given back';
      if (--instance.busy === 0) this.#becomeIdle(instance);
      this.#takeWaiting(instance);
      this.#settle(request, true);
      // Published anew by the instance, so that Pub/Sub has nothing to be slower for.
      if (comesAgain) engine.after(request.message.entry.drawn.pushMs, () => this.push(request.message));
    });
  }

  /** Pub/Sub has its answer: it may push what it held back, and pushes this again if it has to. */
  #settle(request: Request, settled: boolean): void {
    const { engine, scenario } = this.#parts;
    const { firstMs, mostMs } = scenario.run.backoff;
    this.#inFlight--;
    const next = this.#backlog.shift();
    if (next) this.#send(next);
    if (settled) return;
    const pauseMs = Math.min(mostMs, firstMs * 2 ** request.refusals);
    engine.after(pauseMs, () => this.#send({ ...request, refusals: request.refusals + 1 }));
  }

  /** Between requests an instance has no processor, so it beats only while it is busy, and what is overdue at once. */
  #becomeBusy(instance: Instance): void {
    const { engine, heartbeatMs } = this.#parts;
    const spell = ++instance.spell;
    instance.busySince = engine.now;
    const beatWhileBusy = () => {
      if (instance.spell !== spell) return;
      this.#beat(instance);
      engine.after(heartbeatMs, beatWhileBusy);
    };
    engine.at(instance.beatAt + heartbeatMs, beatWhileBusy);
  }

  #becomeIdle(instance: Instance): void {
    const { engine, bill } = this.#parts;
    instance.spell++;
    bill.busy(engine.now - instance.busySince, instance.requests);
    instance.requests = 0;
    this.#endWhenIdle(instance);
  }

  #endWhenIdle(instance: Instance): void {
    const { engine, scenario } = this.#parts;
    const { spell } = instance;
    engine.after(scenario.run.idleMs, () => {
      if (instance.spell !== spell) return;
      instance.ended = true;
      this.#instances = this.#instances.filter((each) => each !== instance);
      this.#beat(instance);
    });
  }

  #hasRoom({ ready, busy }: Instance): boolean {
    return ready && busy < this.#parts.scenario.run.concurrency;
  }

  #beat(instance: Instance): void {
    const { fleet, scenario, engine } = this.#parts;
    const { concurrency } = scenario.run;
    const { id, busy, startedAt, book, ended } = instance;
    instance.beatAt = engine.now;
    const state = ended ? 'stopped' : 'ready';
    const load = busy / concurrency;
    fleet.beat({ id, kind: 'run', state, slots: concurrency, busy, load, startedAt, book });
  }
}
