import { type Awaitable, Pending } from './steps.ts';

export interface Waiting {
  /** What it takes of the semaphore: 1, or bytes. */
  weight?: number;
  /** The lowest goes first; of equal ones, the one that came first. */
  order?: number;
  /** What is called off leaves the line, with the signal's reason. */
  signals?: readonly AbortSignal[];
}

/** Gives back what was taken. A second call does nothing. */
export type Release = () => void;

interface Waiter {
  weight: number;
  order: number;
  granted: Pending<Release>;
  stopListening(): void;
}

/**
 * A counting semaphore with an order among those that wait. The first in line is never overtaken because it takes more than
 * others, and it gets more than there is where nobody else has anything.
 * @see https://pkg.go.dev/golang.org/x/sync/semaphore for one with weights
 */
export class Semaphore {
  #capacity: number;
  #taken = 0;
  readonly #line: Waiter[] = [];

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** What is taken now. It is above the capacity where that was lowered, or one took more than there is. */
  get taken(): number {
    return this.#taken;
  }

  get capacity(): number {
    return this.#capacity;
  }

  /** What is taken beyond a lower capacity stays taken until it is given back. */
  resize(capacity: number): void {
    this.#capacity = capacity;
    this.#grant();
  }

  /** Resolves when it is this one's turn and there is enough. Rejects with the reason of a signal that is aborted before. */
  acquire({ weight = 1, order = 0, signals = [] }: Waiting = {}): Awaitable<Release> {
    for (const signal of signals) signal.throwIfAborted();
    if (this.#line.length === 0 && this.#fits(weight)) return this.#take(weight);
    const granted = new Pending<Release>();
    const leave = ({ target }: Event) => {
      this.#line.splice(this.#line.indexOf(waiter), 1);
      waiter.stopListening();
      granted.reject((target as AbortSignal).reason);
      this.#grant();
    };
    const waiter: Waiter = {
      weight,
      order,
      granted,
      stopListening() {
        for (const signal of signals) signal.removeEventListener('abort', leave);
      },
    };
    for (const signal of signals) signal.addEventListener('abort', leave);
    const place = this.#line.findIndex((other) => other.order > order);
    this.#line.splice(place === -1 ? this.#line.length : place, 0, waiter);
    return granted;
  }

  #fits(weight: number): boolean {
    return this.#taken === 0 || this.#taken + weight <= this.#capacity;
  }

  #take(weight: number): Release {
    this.#taken += weight;
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      this.#taken -= weight;
      this.#grant();
    };
  }

  #grant(): void {
    for (let [first] = this.#line; first && this.#fits(first.weight); [first] = this.#line) {
      this.#line.shift();
      first.stopListening();
      first.granted.resolve(this.#take(first.weight));
    }
  }
}
