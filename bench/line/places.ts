/**
 * Who went before whom, of jobs that are numbered in the order of their turns from 0 on.
 *
 * A claim overtakes as many places as jobs with an earlier turn still wait at that moment. A job lets pass as many as are
 * claimed before it with a later turn. Both count the same pairs, so that their means are equal, and their largest values
 * are not.
 */
export class Places {
  /** Binary indexed tree of the claimed jobs: Fenwick, "A new data structure for cumulative frequency tables", 1994. */
  readonly #tree: Int32Array;
  readonly #isClaimed: Uint8Array;
  #claims = 0;
  #overtaken = 0;
  #mostOvertaken = 0;
  #mostLetPass = 0;

  constructor(jobs: number) {
    this.#tree = new Int32Array(jobs + 1);
    this.#isClaimed = new Uint8Array(jobs);
  }

  claim(job: number): void {
    const earlier = this.#claimedBefore(job);
    const overtaken = job - earlier;
    this.#overtaken += overtaken;
    this.#mostOvertaken = Math.max(this.#mostOvertaken, overtaken);
    this.#mostLetPass = Math.max(this.#mostLetPass, this.#claims - earlier);
    this.#claims++;
    this.#isClaimed[job] = 1;
    for (let node = job + 1; node < this.#tree.length; node += node & -node) {
      this.#tree[node] = (this.#tree[node] ?? 0) + 1;
    }
  }

  /** Jobs that still wait have let pass what was claimed so far. */
  summary(): { mean: number; largest: number; mostLetPass: number } {
    const waiting = this.#isClaimed.indexOf(0);
    const passed = waiting < 0 ? 0 : this.#claims - this.#claimedBefore(waiting);
    return {
      mean: this.#claims === 0 ? 0 : this.#overtaken / this.#claims,
      largest: this.#mostOvertaken,
      mostLetPass: Math.max(this.#mostLetPass, passed),
    };
  }

  #claimedBefore(job: number): number {
    let sum = 0;
    for (let node = job; node > 0; node -= node & -node) sum += this.#tree[node] ?? 0;
    return sum;
  }
}
