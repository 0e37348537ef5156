import { type OperationName, operationNames } from '@spillway/core/operations.ts';
import { VmBreaker } from '@spillway/core/routing/breakers.ts';
import { priorServiceMs } from '@spillway/core/routing/service-times.ts';
import { OperationStatsBook } from '@spillway/worker/operation-stats.ts';
import { type Scenario, type Spell, serviceTimeOf } from '../scenario.ts';
import type { Attempt, Message } from './attempts.ts';
import type { Engine } from './engine.ts';
import { Fifo } from './fifo.ts';
import type { Fleet } from './fleet.ts';

/** The self-test's picture and what it takes for illness (worker/self-test.ts). */
const selfTest = { megapixels: 0.26, slowness: 3 } as const;

/** What became of an attempt, and whose job it was. */
export type Outcome = { witness: string } & (
  | { servedMs: number; predictedMs: number | null }
  | { failedJob: string }
);

/** One virtual machine: its slots, what it has learned, and the bad times that the scenario gives it. */
export class Vm {
  readonly index: number;
  readonly id: string;
  readonly slots: number;
  /** Messages of its own, where every VM has a queue. */
  readonly queue = new Fifo<Message>();
  readonly attempts = new Set<Attempt>();
  /** Messages that a slot is asking for or working on. */
  readonly held = new Set<Message>();
  book: OperationStatsBook;
  readonly #engine: Engine;
  readonly #fleet: Fleet;
  readonly #scenario: Scenario;
  readonly #onReady: () => void;
  #breaker = new VmBreaker();
  #alive = true;
  #stalled = false;
  #paused = false;
  #testing = false;
  /** Grows with every death: what was put off by an earlier life does not happen. */
  #life = 0;
  /** Milliseconds lost to stalls so far. */
  #lostMs = 0;
  #startedAt: Date;
  #beatAt = 0;
  #busyMs = 0;
  #busySince = 0;

  /** @param onReady Called when it takes work again. */
  constructor(index: number, scenario: Scenario, engine: Engine, fleet: Fleet, onReady: () => void) {
    this.index = index;
    this.id = `vm-${index + 1}`;
    this.slots = scenario.vms.slots;
    this.#engine = engine;
    this.#fleet = fleet;
    this.#scenario = scenario;
    this.#onReady = onReady;
    this.#startedAt = engine.date;
    this.book = new OperationStatsBook(() => this.#startedAt);
  }

  get takesWork(): boolean {
    return this.#alive && !this.#stalled && !this.#paused;
  }

  get free(): number {
    return this.takesWork ? this.slots - this.held.size : 0;
  }

  /** Does something later, unless it dies before; a stall in between puts it off. */
  after(ms: number, action: () => void): void {
    const life = this.#life;
    let lost = this.#lostMs;
    const fire = () => {
      if (this.#life !== life) return;
      const extra = this.#lostMs - lost;
      lost = this.#lostMs;
      if (extra > 0) this.#engine.after(extra, fire);
      else action();
    };
    this.#engine.after(ms, fire);
  }

  /** How many times as long as usual work takes that begins now. */
  get slowness(): number {
    const second = this.#engine.now / 1_000;
    return this.#scenario.faults.slowVms.reduce(
      (factor, slow) => (slow.vm === this.index && during(slow, second) ? factor * slow.factor : factor),
      1,
    );
  }

  start(attempt: Attempt): void {
    this.#countBusy();
    this.attempts.add(attempt);
  }

  end(attempt: Attempt): void {
    this.#countBusy();
    this.attempts.delete(attempt);
  }

  beat(): void {
    if (!this.#alive || this.#stalled) return;
    this.#countBusy();
    const sinceMs = this.#engine.now - this.#beatAt;
    const load = sinceMs > 0 ? Math.min(1, this.#busyMs / this.slots / sinceMs) : 0;
    this.#busyMs = 0;
    this.#beatAt = this.#engine.now;
    this.#fleet.beat({
      id: this.id,
      kind: 'vm',
      state: this.#paused ? 'paused' : 'ready',
      slots: this.slots,
      busy: this.held.size,
      load,
      startedAt: this.#startedAt,
      book: this.book,
      vm: { index: this.index, queued: this.queue.size },
    });
  }

  /** Its breaker looks at an outcome, as the worker's self-guard does. */
  observe(outcome: Outcome): void {
    const { witness } = outcome;
    if ('servedMs' in outcome) this.#breaker.served(witness, outcome.servedMs, outcome.predictedMs);
    else this.#breaker.failed(witness, outcome.failedJob);
    if (this.#breaker.trouble() && !this.#paused && !this.#testing) this.#tryOut();
  }

  /** A doubt is settled by test pictures, beside the work. */
  #tryOut(): void {
    this.#testing = true;
    const { ms, isWell } = this.#test();
    this.after(ms, () => {
      this.#testing = false;
      if (isWell) this.#breaker.forget();
      else this.#pause();
    });
  }

  #pause(): void {
    this.#paused = true;
    this.beat();
    this.#testLater();
  }

  /** Vanishes: what it does is lost. Returns what it held. */
  die(): Message[] {
    const lost = [...this.held];
    this.#alive = false;
    this.#life++;
    this.#countBusy();
    this.held.clear();
    this.attempts.clear();
    return lost;
  }

  comeBack(): void {
    this.#alive = true;
    this.#paused = false;
    this.#testing = false;
    this.#breaker = new VmBreaker();
    this.#startedAt = this.#engine.date;
    this.book = new OperationStatsBook(() => this.#startedAt);
    this.beat();
    this.#onReady();
  }

  /** Stands still for so long. */
  stall(ms: number): void {
    this.#stalled = true;
    this.#lostMs += ms;
  }

  goOn(): void {
    this.#stalled = false;
    this.beat();
    this.#onReady();
  }

  #testLater(): void {
    this.after(this.#breaker.nextPauseMs(this.#engine.date), () => {
      const { ms, isWell } = this.#test();
      if (isWell) this.after(ms, () => this.#reopen());
      else this.#testLater();
    });
  }

  #test(): { ms: number; isWell: boolean } {
    const ratios = operationNames.map((operation) => this.#testMs(operation) / prior(operation));
    const ms = operationNames.reduce((sum, operation) => sum + this.#testMs(operation), 0);
    return { ms, isWell: ratios.every((ratio) => ratio <= selfTest.slowness) };
  }

  #reopen(): void {
    this.#paused = false;
    this.#breaker.reopen(this.#engine.date);
    this.beat();
    this.#onReady();
  }

  #testMs(operation: OperationName): number {
    const { fixedMs, perMegapixelMs } = serviceTimeOf(this.#scenario, 'vm', operation);
    return this.slowness * (fixedMs + perMegapixelMs * selfTest.megapixels);
  }

  #countBusy(): void {
    this.#busyMs += this.attempts.size * (this.#engine.now - this.#busySince);
    this.#busySince = this.#engine.now;
  }
}

function prior(operation: OperationName): number {
  return priorServiceMs(operation, selfTest.megapixels * 1e6);
}

function during({ atSeconds, forSeconds }: Spell, second: number): boolean {
  return second >= atSeconds && second < atSeconds + forSeconds;
}
