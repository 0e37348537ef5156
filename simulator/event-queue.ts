/** What is to happen, by time; what is due at the same instant comes in the order in which it was put in. */
export class EventQueue<Event> {
  // Three arrays in place of objects: pushes and pops make up much of a run's time.
  readonly #times: number[] = [];
  readonly #orders: number[] = [];
  readonly #events: Event[] = [];
  #pushed = 0;

  get size(): number {
    return this.#times.length;
  }

  /** When the next event is due; infinity when there is none. */
  get nextTime(): number {
    return this.#times[0] ?? Number.POSITIVE_INFINITY;
  }

  push(time: number, event: Event): void {
    const order = this.#pushed++;
    let hole = this.#times.length;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (!this.#isAfter(parent, time, order)) break;
      this.#copy(parent, hole);
      hole = parent;
    }
    this.#set(hole, time, order, event);
  }

  /** Takes the next event out; undefined when there is none. */
  pop(): Event | undefined {
    const first = this.#events[0];
    const time = this.#times.pop();
    const order = this.#orders.pop();
    const event = this.#events.pop();
    const size = this.#times.length;
    if (size === 0 || time === undefined || order === undefined || event === undefined) return first;
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= size) break;
      const right = child + 1;
      if (right < size && this.#isAfter(child, this.#times[right] as number, this.#orders[right] as number)) {
        child = right;
      }
      if (this.#isAfter(child, time, order)) break;
      this.#copy(child, hole);
      hole = child;
    }
    this.#set(hole, time, order, event);
    return first;
  }

  #isAfter(index: number, time: number, order: number): boolean {
    const other = this.#times[index] as number;
    return other > time || (other === time && (this.#orders[index] as number) > order);
  }

  #copy(from: number, to: number): void {
    this.#set(to, this.#times[from] as number, this.#orders[from] as number, this.#events[from] as Event);
  }

  #set(index: number, time: number, order: number, event: Event): void {
    this.#times[index] = time;
    this.#orders[index] = order;
    this.#events[index] = event;
  }
}
