import { isTerminal, type Job, type Ledger, type SideLedger } from '@spillway/core/job.ts';
import { disorderAround } from '@spillway/core/routing/waiting.ts';
import type { SimulatedJob } from '../jobs.ts';

/** A simulated job and its document, which is replaced at every transition as the store's is. */
export interface Entry {
  readonly drawn: SimulatedJob;
  /** In the order of creation. */
  readonly position: number;
  job: Job;
  /** Milliseconds, once it has. */
  endedAt: number | null;
}

/**
 * The database's job documents, with the sums and lines that the production store answers (pipeline/ports), kept up
 * to date at every write in place of searched for.
 */
export class Documents {
  /** Queued for the VMs, by their turns; of equal turns the lower id, which is the earlier arrival, first. */
  readonly vmLine: Entry[] = [];
  readonly vmRunning = new Set<Entry>();
  /** Queued for Cloud Run or claimed there. */
  readonly runOpen = new Set<Entry>();
  /** Every document, in the order of creation. */
  readonly all: Entry[] = [];
  readonly #byId = new Map<string, Entry>();
  readonly #openOnVmsByOwner = new Map<string | null, Set<Entry>>();
  #ended = 0;

  /** Documents in a state that nothing can change. */
  get ended(): number {
    return this.#ended;
  }

  create(drawn: SimulatedJob, job: Job): Entry {
    const entry: Entry = { drawn, position: this.all.length, job, endedAt: null };
    this.all.push(entry);
    this.#byId.set(job.id, entry);
    this.#add(entry);
    return entry;
  }

  byId(id: string): Entry | null {
    return this.#byId.get(id) ?? null;
  }

  write(entry: Entry, next: Job): void {
    this.#remove(entry);
    entry.job = next;
    this.#add(entry);
  }

  /**
   * What stands before this job, itself left out: on the VMs what is claimed, and what waits there with an earlier turn
   * than `turnAt`, or one that is much the same and was created before it; on Cloud Run what is open and was created before it.
   */
  ledger(own: Entry, turnAt: Date): Ledger {
    const [from, to] = disorderAround(turnAt);
    const start = this.#position(from.getTime(), '');
    // The last id of all, so that the end lies behind equal turns.
    const end = this.#position(to.getTime(), '~');
    const comesBefore = (entry: Entry, index: number) => index < start || entry.position < own.position;
    return {
      vm: {
        running: sumOf(this.vmRunning, own),
        ahead: sumOf(this.vmLine.slice(0, end).filter(comesBefore), own),
      },
      run: sumOf(this.runOpen, own, ({ position }) => position < own.position),
    };
  }

  running(): { vm: SideLedger; run: SideLedger } {
    return {
      vm: sumOf(this.vmRunning),
      run: sumOf(this.runOpen, undefined, ({ job }) => job.state === 'processing'),
    };
  }

  /** Queued and published for Cloud Run, by when they were. */
  runLine(limit: number): Entry[] {
    return [...this.runOpen]
      .filter(({ job }) => job.state === 'queued' && job.publishedAt !== null)
      .sort((a, b) => publishedMs(a) - publishedMs(b))
      .slice(0, limit);
  }

  /** Claims that nobody has renewed. */
  abandoned(now: Date): Entry[] {
    return [...this.vmRunning, ...this.runOpen].filter(({ job }) => job.claim && job.claim.expiresAt < now);
  }

  /** Work of the same owner that is open on the VMs, created before, with no later deadline to speak of: milliseconds. */
  ownerAheadMs(own: Entry): number {
    const open = this.#openOnVmsByOwner.get(own.job.owner) ?? [];
    const [, to] = disorderAround(own.job.deadlineAt);
    const ahead = ({ job, position }: Entry) => position < own.position && job.deadlineAt <= to;
    return sumOf(open, own, ahead).workMs;
  }

  #add(entry: Entry): void {
    const { job } = entry;
    if (isTerminal(job.state)) {
      this.#ended++;
      return;
    }
    if (job.route.target === 'run') {
      this.runOpen.add(entry);
      return;
    }
    this.#ofOwner(entry).add(entry);
    if (job.state === 'processing') this.vmRunning.add(entry);
    else this.vmLine.splice(this.#position(turnMs(entry), job.id), 0, entry);
  }

  #remove(entry: Entry): void {
    const { job } = entry;
    if (isTerminal(job.state)) throw new Error(`${job.id} has ended, and was written again.`);
    if (job.route.target === 'run') {
      this.runOpen.delete(entry);
      return;
    }
    this.#ofOwner(entry).delete(entry);
    if (job.state === 'processing') this.vmRunning.delete(entry);
    else this.vmLine.splice(this.#position(turnMs(entry), job.id), 1);
  }

  /** How many of those that wait for the VMs come before this turn. */
  #position(turn: number, id: string): number {
    let [low, high] = [0, this.vmLine.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.vmLine[middle] as Entry;
      const otherTurn = turnMs(other);
      if (otherTurn < turn || (otherTurn === turn && other.job.id < id)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #ofOwner({ job: { owner } }: Entry): Set<Entry> {
    const open = this.#openOnVmsByOwner.get(owner) ?? new Set();
    this.#openOnVmsByOwner.set(owner, open);
    return open;
  }
}

function sumOf(
  entries: Iterable<Entry>,
  own?: Entry,
  counts: (entry: Entry) => boolean = () => true,
): SideLedger {
  let [jobs, workMs] = [0, 0];
  for (const entry of entries) {
    if (entry === own || !counts(entry)) continue;
    jobs++;
    workMs += entry.job.route.workMs;
  }
  return { jobs, workMs };
}

function turnMs({ job }: Entry): number {
  return (job.route.turnAt ?? job.deadlineAt).getTime();
}

function publishedMs({ job }: Entry): number {
  return job.publishedAt?.getTime() ?? 0;
}
