import type { Thenable } from '@spillway/core/steps.ts';
import type { Clock, Timers } from '@spillway/pipeline/ports/ports.ts';
import { EventQueue } from './event-queue.ts';

/** Virtual time in milliseconds from the first arrival. It does what was put off, in the order of its time. */
export class Engine implements Clock, Timers {
  readonly #events = new EventQueue<() => void>();
  #ms = 0;
  #date = new Date(0);

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

  /** Resolves when this time has passed. */
  pause(ms: number): Thenable<void> {
    return new Pause(this, ms);
  }

  /** Goes on until `isDone`, or until `end`. */
  run(isDone: () => boolean, end: number): void {
    while (!isDone() && this.#events.nextTime <= end) {
      const ms = this.#events.nextTime;
      if (ms !== this.#ms) this.#date = new Date(ms);
      this.#ms = ms;
      this.#events.pop()?.();
    }
  }
}

/** A computer that may stall or die. What it had put off then happens later, or never. */
export class Machine implements Timers {
  readonly #engine: Engine;
  #life = 0;
  #stalledMs = 0;

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
    this.#engine.after(ms, fire);
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
