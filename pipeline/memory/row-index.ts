import type { Job } from '@spillway/core/job.ts';
import type { Stored } from '../ports/jobs.ts';

/** A job's document as it is now. */
export interface Row {
  stored: Stored;
  /** In the order of creation, which Firestore's creation times give to the microsecond. */
  readonly position: number;
}

/** The number by which an index orders a job; null for a job that the index leaves out. */
type KeyOf = (job: Job) => number | null;

/** Rows in the order of a number, such as a time, and of ids where numbers are equal: an index of a database. */
export class RowIndex {
  readonly #keyOf: KeyOf;
  /** Two lists of one length, so that a search reads numbers only. */
  readonly #keys: number[] = [];
  readonly #rows: Row[] = [];

  constructor(keyOf: KeyOf) {
    this.#keyOf = keyOf;
  }

  /** All of them, the lowest first. Valid until the next change. */
  get rows(): readonly Row[] {
    return this.#rows;
  }

  /** A row's document has changed from `before`, which is null where it was created. */
  update(row: Row, before: Job | null): void {
    const old = before && this.#keyOf(before);
    const key = this.#keyOf(row.stored.job);
    if (old === key) return;
    const { id } = row.stored.job;
    if (old !== null) {
      const at = this.#place(old, id);
      remove(this.#keys, at);
      remove(this.#rows, at);
    }
    if (key !== null) {
      const at = this.#place(key, id);
      insert(this.#keys, at, key);
      insert(this.#rows, at, row);
    }
  }

  /** How many rows have a lower number. */
  countBelow(key: number): number {
    return this.#place(key, '');
  }

  /** The first `limit` rows with a lower number than `key`, or those of them that come after a job. */
  below(key: number, limit: number, after: Job | null = null): Row[] {
    const from = after ? this.#behind(after) : 0;
    return this.#rows.slice(from, Math.min(from + limit, this.countBelow(key)));
  }

  /** How many rows have this number or a higher one. */
  countFrom(key: number): number {
    return this.#keys.length - this.countBelow(key);
  }

  /** The rows with this number or a higher one. */
  from(key: number): Row[] {
    return this.#rows.slice(this.countBelow(key));
  }

  /** The rows with a number above one and not above another. */
  within(above: number, upTo: number): Row[] {
    return this.#rows.slice(this.countBelow(above + 1), this.countBelow(upTo + 1));
  }

  #behind(job: Job): number {
    const key = this.#keyOf(job);
    if (key === null) return 0;
    const at = this.#place(key, job.id);
    return this.#rows[at]?.stored.job.id === job.id ? at + 1 : at;
  }

  /** How many rows come before this number and id. */
  #place(key: number, id: string): number {
    let [low, high] = [0, this.#keys.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#keys[middle] as number;
      if (other < key || (other === key && (this.#rows[middle] as Row).stored.job.id < id)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** As `splice` does, without an array for what it takes out: indexes change more often than anything else. */
function remove<Item>(items: Item[], at: number): void {
  for (let index = at; index < items.length - 1; index++) items[index] = items[index + 1] as Item;
  items.pop();
}

function insert<Item>(items: Item[], at: number, item: Item): void {
  items.push(item);
  for (let index = items.length - 1; index > at; index--) items[index] = items[index - 1] as Item;
  items[at] = item;
}
