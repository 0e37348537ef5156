/** Work that has arrived lately, in milliseconds of one slot: what production sums up from the jobs' documents. */
export class RecentWork {
  readonly #windowMs: number;
  readonly #arrived: { atMs: number; workMs: number }[] = [];
  #first = 0;
  #sum = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  add(atMs: number, workMs: number): void {
    this.#arrived.push({ atMs, workMs });
    this.#sum += workMs;
  }

  /** Of the last window. Time must not go back. */
  sum(nowMs: number): number {
    for (;;) {
      const oldest = this.#arrived[this.#first];
      if (!oldest || oldest.atMs >= nowMs - this.#windowMs) return this.#sum;
      this.#sum -= oldest.workMs;
      this.#first++;
    }
  }
}
