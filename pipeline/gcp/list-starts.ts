import type { Clock } from '../ports/ports.ts';

/** Milliseconds. */
const timing = {
  /** One read in this time begins at the beginning: a job may come to stand behind where a list begins. */
  fullEvery: 60_000,
  /** How far before the first job of such a read the reads after it begin: programs' clocks differ, and calls are late. */
  margin: 600_000,
} as const;

interface Start {
  from: Date;
  readAt: number;
}

/**
 * Where lists of open jobs begin, by the time that they are in the order of. Rows of an index that were deleted are
 * passed over by each query that begins before them, for as long as Firestore keeps them, and every job of the last hours
 * has left its rows in these lists. A job whose time is before where its list begins waits for the next full read.
 * @see https://cloud.google.com/firestore/docs/best-practices#avoid_skipping_over_deleted_data
 */
export class ListStarts<Name extends string> {
  readonly #starts = new Map<Name, Start>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The time from which a list is read now; null for all of it. */
  of(name: Name): Date | null {
    const start = this.#starts.get(name);
    return start && this.#clock.now().getTime() - start.readAt < timing.fullEvery ? start.from : null;
  }

  /** All of a list up to a time was read, and this was the first time in it; null where it had none. */
  read(name: Name, to: Date, first: Date | null): void {
    const from = Math.min(to.getTime(), first?.getTime() ?? Number.POSITIVE_INFINITY) - timing.margin;
    this.#starts.set(name, { from: new Date(from), readAt: this.#clock.now().getTime() });
  }
}
