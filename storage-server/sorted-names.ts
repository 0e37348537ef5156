/** Compares names by their UTF-8 bytes, the order of every listing. (UTF-16 order differs beyond U+FFFF.) */
export const compareNames = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** Object names kept in the order of their UTF-8 bytes. */
export class SortedNames {
  readonly #names: string[] = [];

  add(name: string): void {
    const at = this.#firstNotBefore(name);
    if (this.#names[at] !== name) this.#names.splice(at, 0, name);
  }

  remove(name: string): void {
    const at = this.#firstNotBefore(name);
    if (this.#names[at] === name) this.#names.splice(at, 1);
  }

  /** Names from `start` (included) on. */
  *from(start: string): Generator<string> {
    for (let at = this.#firstNotBefore(start); at < this.#names.length; at++) yield this.#names[at] as string;
  }

  #firstNotBefore(name: string): number {
    let low = 0;
    let high = this.#names.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareNames(this.#names[middle] as string, name) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
