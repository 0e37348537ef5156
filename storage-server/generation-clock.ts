/**
 * Generations as Cloud Storage makes them: microseconds since 1970, each larger than any before, also where the
 * clock does not advance or was set back between two runs.
 */
export class GenerationClock {
  #last = 0;
  readonly #now: () => number;

  /** @param now milliseconds since 1970 */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Takes note of a generation that an earlier process gave. */
  seen(generation: string): void {
    this.#last = Math.max(this.#last, Number(generation));
  }

  /** The largest generation so far. */
  get last(): number {
    return this.#last;
  }

  next(): string {
    this.#last = Math.max(this.#last + 1, Math.floor(this.#now() * 1000));
    return String(this.#last);
  }
}
