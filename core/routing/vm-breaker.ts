import { RecentValues } from './figures.ts';

const mostFailuresInRow = 3;
/** A VM that takes so many times as long as predicted is ill. */
const slowness = 3;
/** A prediction below this counts as this: so short a time varies with all else that a machine does. Milliseconds. */
const leastPrediction = 250;
const observations = 20;
/** With fewer, two jobs that met a cold machine would be enough for a verdict. */
const enoughObservations = 20;
/** Milliseconds: each pause is twice as long as the one before. */
const firstPause = 5_000;
const longestPause = 300_000;
/** A pause that follows another within this time goes on from it: the self-test had not found what is wrong. */
const relapseWithin = 600_000;

/** One VM's judgement of itself: it pauses its own pull when it fails, or has become much slower than predicted. */
export class VmBreaker {
  /** Jobs whose attempts failed since one went well: a picture that crashes every attempt counts once. */
  #failed = new Set<string>();
  #ratios = new RecentValues(observations);
  #pauses = 0;
  #reopenedAt = Number.NEGATIVE_INFINITY;

  /** A job that ended well, or for a reason that lies in the picture. Milliseconds. */
  served(serviceMs: number, predictedMs: number | null): void {
    this.#failed.clear();
    if (predictedMs !== null) this.#ratios.add(serviceMs / Math.max(leastPrediction, predictedMs));
  }

  /** An attempt that failed for a reason that may lie in this machine. */
  failed(job: string): void {
    this.#failed.add(job);
  }

  /** Why this VM should take nothing now; null while it is well. */
  trouble(): string | null {
    if (this.#failed.size >= mostFailuresInRow) return `Its last ${this.#failed.size} jobs failed.`;
    const figures = this.#ratios.figures();
    if (figures && figures.count >= enoughObservations && figures.p90 > slowness) {
      return `It takes ${figures.p90.toFixed(1)} times as long as predicted.`;
    }
    return null;
  }

  /** How long to wait before the next self-test, in milliseconds. */
  nextPauseMs(now: Date): number {
    if (now.getTime() - this.#reopenedAt > relapseWithin) {
      this.#pauses = 0;
      this.#reopenedAt = Number.POSITIVE_INFINITY;
    }
    return Math.min(longestPause, firstPause * 2 ** this.#pauses++);
  }

  /** Forgets what was observed: after a self-test that went well. */
  reopen(now: Date): void {
    this.#reopenedAt = now.getTime();
    this.#failed.clear();
    this.#ratios = new RecentValues(observations);
  }
}
