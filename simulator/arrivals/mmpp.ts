import type { Random } from '../random.ts';

export interface Mmpp {
  /** Arrivals per second in the calm and in the burst. */
  calmRate: number;
  burstRate: number;
  /** Mean seconds of each. */
  calmSeconds: number;
  burstSeconds: number;
}

/**
 * Bursts: a Markov-modulated Poisson process of two states (Fischer and Meier-Hellstern 1993), whose sojourns are
 * exponential. In seconds, sorted.
 */
export function mmppArrivals(mmpp: Mmpp, seconds: number, random: Random): number[] {
  const arrivals: number[] = [];
  // The chain's own long-run share of bursts, so that the beginning is like the rest.
  let inBurst = random.uniform() < mmpp.burstSeconds / (mmpp.calmSeconds + mmpp.burstSeconds);
  for (let from = 0; from < seconds; inBurst = !inBurst) {
    const until = from + random.exponential(inBurst ? mmpp.burstSeconds : mmpp.calmSeconds);
    const rate = inBurst ? mmpp.burstRate : mmpp.calmRate;
    // The process has no memory: after a change of state the next gap begins there.
    for (let at = from; rate > 0; ) {
      at += random.exponential(1 / rate);
      if (at >= Math.min(until, seconds)) break;
      arrivals.push(at);
    }
    from = until;
  }
  return arrivals;
}
