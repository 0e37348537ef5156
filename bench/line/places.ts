/**
 * Who went before whom, of jobs that are numbered in the order of their turns from 0 on.
 *
 * A claim overtakes as many places as jobs with an earlier turn wait at that moment. A job lets pass as many as are claimed
 * with a later turn while it waits. Both count the same pairs, so that their means are equal, and their largest values are
 * not.
 */
export class Places {
  readonly #waiting: CountedPrefixes;
  readonly #claimed: CountedPrefixes;
  /** Claims of later turns before each job came; -1 where it does not wait. */
  readonly #passedBefore: Int32Array;
  #claims = 0;
  #overtaken = 0;
  #mostOvertaken = 0;
  #mostLetPass = 0;

  constructor(jobs: number) {
    this.#waiting = new CountedPrefixes(jobs);
    this.#claimed = new CountedPrefixes(jobs);
    this.#passedBefore = new Int32Array(jobs).fill(-1);
  }

  arrive(job: number): void {
    this.#waiting.add(job, 1);
    this.#passedBefore[job] = this.#laterClaims(job);
  }

  claim(job: number): void {
    this.#waiting.add(job, -1);
    const overtaken = this.#waiting.below(job);
    this.#overtaken += overtaken;
    this.#mostOvertaken = Math.max(this.#mostOvertaken, overtaken);
    this.#mostLetPass = Math.max(this.#mostLetPass, this.#hasLetPass(job));
    this.#passedBefore[job] = -1;
    this.#claimed.add(job, 1);
    this.#claims++;
  }

  /** Jobs that still wait have let pass what was claimed so far. */
  summary(): { mean: number; largest: number; mostLetPass: number } {
    let mostLetPass = this.#mostLetPass;
    for (const [job, before] of this.#passedBefore.entries()) {
      if (before >= 0) mostLetPass = Math.max(mostLetPass, this.#hasLetPass(job));
    }
    return { mean: this.#overtaken / Math.max(1, this.#claims), largest: this.#mostOvertaken, mostLetPass };
  }

  #hasLetPass(job: number): number {
    return this.#laterClaims(job) - (this.#passedBefore[job] ?? 0);
  }

  #laterClaims(job: number): number {
    return this.#claims - this.#claimed.below(job);
  }
}

/**
 * How many of the numbers below one are there.
 * @see Fenwick, "A new data structure for cumulative frequency tables", 1994
 */
class CountedPrefixes {
  readonly #tree: Int32Array;

  constructor(numbers: number) {
    this.#tree = new Int32Array(numbers + 1);
  }

  add(number: number, more: 1 | -1): void {
    for (let node = number + 1; node < this.#tree.length; node += node & -node) {
      this.#tree[node] = (this.#tree[node] ?? 0) + more;
    }
  }

  below(number: number): number {
    let sum = 0;
    for (let node = number; node > 0; node -= node & -node) sum += this.#tree[node] ?? 0;
    return sum;
  }
}
