import { EventQueue } from '../event-queue.ts';

/** The simulated clock: does what was put off, in the order of its time. Milliseconds from the first arrival. */
export class Engine {
  readonly #events = new EventQueue<() => void>();
  #now = 0;

  get now(): number {
    return this.#now;
  }

  /** The clock as production code is told it, in whole milliseconds. */
  get date(): Date {
    return new Date(this.#now);
  }

  at(time: number, action: () => void): void {
    this.#events.push(Math.max(time, this.#now), action);
  }

  after(delay: number, action: () => void): void {
    this.at(this.#now + delay, action);
  }

  /** Now, and again and again. */
  every(interval: number, action: () => void): void {
    action();
    this.after(interval, () => this.every(interval, action));
  }

  /** Goes on until `isDone`, or until `end`. */
  run(isDone: () => boolean, end: number): void {
    while (!isDone() && this.#events.nextTime <= end) {
      this.#now = this.#events.nextTime;
      this.#events.pop()?.();
    }
  }
}
