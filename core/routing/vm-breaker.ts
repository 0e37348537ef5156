import { figuresOf } from './figures.ts';

/** Senders that have to say the same before a VM doubts itself. */
const enoughWitnesses = 3;
/** Failed jobs in a row that have to say it where there are fewer senders. */
const enoughFailures = 9;
/** A VM that takes so many times as long as predicted is ill. */
const slowness = 3;
/** A prediction below this counts as this: so short a time varies with all else that a machine does. Milliseconds. */
const leastPrediction = 250;
/** The newest of them count. With fewer, two jobs that met a cold machine would be enough for a doubt. */
const observations = 20;
/** Milliseconds: each pause is twice as long as the one before. */
const firstPause = 5_000;
const longestPause = 300_000;
/** A pause that follows another within this time goes on from it: the self-test had not found what is wrong. */
const relapseWithin = 600_000;

interface Served {
  witness: string;
  /** Time that it took, as a ratio to the prediction. */
  ratio: number;
}

/**
 * One VM's doubts about itself, when the jobs of several senders fail or take much longer than predicted. A doubt is no
 * verdict, because senders can be invented: a test picture confirms it before anything is paused.
 */
export class VmBreaker {
  /** Jobs whose attempts failed since one went well, and whose they are. */
  #failed = new Map<string, string>();
  #served: Served[] = [];
  #pauses = 0;
  #reopenedAt = Number.NEGATIVE_INFINITY;

  /**
   * A job that ended well.
   * @param witness Whose it is; see `witnessOf`.
   * @param predictedMs For the pixels that were really decoded.
   */
  served(witness: string, serviceMs: number, predictedMs: number | null): void {
    this.#failed.clear();
    if (predictedMs === null) return;
    this.#served.push({ witness, ratio: serviceMs / Math.max(leastPrediction, predictedMs) });
    this.#served = this.#served.slice(-observations);
  }

  /** An attempt that failed for a reason that may lie in this machine. A job that fails every attempt counts once. */
  failed(witness: string, job: string): void {
    this.#failed.set(job, witness);
  }

  /** Why this VM should try out whether it is well; null while there is no doubt. */
  trouble(): string | null {
    const jobs = this.#failed.size;
    if (new Set(this.#failed.values()).size >= enoughWitnesses || jobs >= enoughFailures) {
      return `Its last ${jobs} jobs failed.`;
    }
    const p90 = this.#slowP90();
    return p90 === null ? null : `It takes ${p90.toFixed(1)} times as long as predicted.`;
  }

  /** One job in ten is slow, and so say several senders, or all where there are fewer. */
  #slowP90(): number | null {
    const figures = figuresOf(this.#served.map(({ ratio }) => ratio));
    if (!figures || figures.count < observations || figures.p90 <= slowness) return null;
    const senders = new Set(this.#served.map(({ witness }) => witness));
    const slow = new Set(this.#served.filter(({ ratio }) => ratio > slowness).map(({ witness }) => witness));
    return slow.size >= Math.min(enoughWitnesses, senders.size) ? figures.p90 : null;
  }

  /** How long to wait before the next self-test, in milliseconds. */
  nextPauseMs(now: Date): number {
    if (now.getTime() - this.#reopenedAt > relapseWithin) {
      this.#pauses = 0;
      this.#reopenedAt = Number.POSITIVE_INFINITY;
    }
    return Math.min(longestPause, firstPause * 2 ** this.#pauses++);
  }

  /** Forgets what was observed: a test picture went well all the same. */
  forget(): void {
    this.#failed.clear();
    this.#served = [];
  }

  /** After a pause that a self-test has ended. */
  reopen(now: Date): void {
    this.#reopenedAt = now.getTime();
    this.forget();
  }
}
