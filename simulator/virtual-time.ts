import type { Thenable } from '@spillway/core/steps.ts';
import type { Clock, Timers } from '@spillway/pipeline/ports/ports.ts';
import { EventQueue } from './event-queue.ts';

/**
 * Virtual time in milliseconds from the first arrival. It does what was put off, in the order of its time. Repetitions
 * come before everything else of the same instant.
 */
export class Engine implements Clock, Timers {
  readonly #events = new EventQueue<() => void>();
  readonly #repetitions = new EventQueue<Repetition>();
  #ms = 0;
  #date = new Date(0);
  /** How many things have happened. */
  events = 0;

  /** The time with its fractions of a millisecond. */
  get ms(): number {
    return this.#ms;
  }

  now(): Date {
    return this.#date;
  }

  at(ms: number, action: () => void): void {
    this.#events.push(Math.max(ms, this.#ms), action);
  }

  after(ms: number, action: () => void): void {
    this.at(this.#ms + ms, action);
  }

  every(ms: number, action: () => void): () => void {
    return repeatIn(this, ms, action);
  }

  /** The same without an end, for those who know when it can be left out. */
  repeat(ms: number, action: () => void): Repetition {
    const repetition = new Repetition(this.#ms, ms, action);
    this.#repetitions.push(repetition.nextMs, repetition);
    return repetition;
  }

  /** When the next thing is due that is no repetition; infinity when there is none. */
  get nextEventMs(): number {
    return this.#events.nextTime;
  }

  /** Resolves when this time has passed. */
  pause(ms: number): Thenable<void> {
    return new Pause(this, ms);
  }

  /** Goes on until `isDone`, or until `end`. */
  run(isDone: () => boolean, end: number): void {
    while (!isDone()) {
      const ms = Math.min(this.#repetitions.nextTime, this.#events.nextTime);
      if (ms > end) return;
      if (ms !== this.#ms) this.#date = new Date(ms);
      this.#ms = ms;
      this.events++;
      if (this.#repetitions.nextTime > ms) this.#events.pop()?.();
      else this.#repeat(this.#repetitions.pop());
    }
  }

  #repeat(repetition: Repetition | undefined): void {
    repetition?.happen(this.#ms);
    if (repetition) this.#repetitions.push(repetition.nextMs, repetition);
  }
}

/** Something that happens at a fixed pace. Its times are multiples of that, so that none depends on the ones before. */
export class Repetition {
  readonly #fromMs: number;
  readonly #everyMs: number;
  readonly #action: () => void;
  #times = 1;
  #leftOutBefore = 0;

  constructor(fromMs: number, everyMs: number, action: () => void) {
    this.#fromMs = fromMs;
    this.#everyMs = everyMs;
    this.#action = action;
  }

  get nextMs(): number {
    return this.#fromMs + this.#times * this.#everyMs;
  }

  happen(nowMs: number): void {
    if (nowMs >= this.#leftOutBefore) this.#action();
    const leftOut = Math.floor((this.#leftOutBefore - this.nextMs) / this.#everyMs);
    this.#times += Math.max(1, leftOut);
  }

  /** It does not happen before that time. */
  leaveOutBefore(ms: number): void {
    this.#leftOutBefore = ms;
  }
}

/** A computer that may stall or die. What it had put off then happens later, or never. */
export class Machine implements Timers {
  readonly #engine: Engine;
  #life = 0;
  #stalledMs = 0;
  #stallEndsAt = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  after(ms: number, action: () => void): void {
    const life = this.#life;
    let seenMs = this.#stalledMs;
    const fire = () => {
      if (this.#life !== life) return;
      const extraMs = this.#stalledMs - seenMs;
      seenMs = this.#stalledMs;
      if (extraMs > 0) this.#engine.after(extraMs, fire);
      else action();
    };
    this.#engine.after(Math.max(0, this.#stallEndsAt - this.#engine.ms) + ms, fire);
  }

  every(ms: number, action: () => void): () => void {
    return repeatIn(this, ms, action);
  }

  /** Resolves when this time has passed for the machine. */
  pause(ms: number): Thenable<void> {
    return new Pause(this, ms);
  }

  stall(ms: number): void {
    this.#stalledMs += ms;
    this.#stallEndsAt = this.#engine.ms + ms;
  }

  die(): void {
    this.#life++;
  }
}

/** Where things can be put off. */
export interface Time {
  after(ms: number, action: () => void): void;
}

/** Its time passes from when somebody waits. */
class Pause implements Thenable<void> {
  readonly #time: Time;
  readonly #ms: number;

  constructor(time: Time, ms: number) {
    this.#time = time;
    this.#ms = ms;
  }

  // biome-ignore lint/suspicious/noThenProperty: Steps wait for it.
  then(onValue: () => void): void {
    this.#time.after(this.#ms, onValue);
  }
}

function repeatIn(time: Time, ms: number, action: () => void): () => void {
  let stopped = false;
  const tick = () => {
    if (stopped) return;
    action();
    time.after(ms, tick);
  };
  time.after(ms, tick);
  return () => {
    stopped = true;
  };
}
