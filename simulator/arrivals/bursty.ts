import type { Random } from '../random.ts';

/**
 * Parameters of the gaps between arrivals, in seconds. Fitted with `fit-traces.ts` to the shape of the code service
 * in Azure's LLM inference traces of 2023 (https://github.com/Azure/AzurePublicDataset, CC-BY), in rate, variation
 * of the gaps and dispersion of the counts. No arrival of the trace is in it.
 */
const fitted = {
  /** Requests that a program sends together. */
  together: { median: 0.0022, sigma: 1.8 },
  /** Within a stretch of work. */
  working: { median: 0.125, sigma: 0.95 },
  /** Nobody works. */
  pause: { median: 36, sigma: 0.97, share: 0.0052 },
  /** Share of gaps of the first kind, in stretches where programs are at work and where people are. */
  togetherShare: { programs: 0.97, people: 0.3 },
  /** Mean number of arrivals in such a stretch. */
  stretch: { programs: 18, people: 40 },
};

/** Work that comes in bursts, with pauses of up to minutes: about 2.5 per second on average, in seconds, sorted. */
export function burstyArrivals(seconds: number, random: Random, parameters = fitted): number[] {
  const { together, working, pause, togetherShare, stretch } = parameters;
  const arrivals: number[] = [];
  let kind: 'programs' | 'people' = 'people';
  for (let at = 0; at < seconds; ) {
    arrivals.push(at);
    if (random.uniform() < 1 / stretch[kind]) kind = kind === 'people' ? 'programs' : 'people';
    const gap = [pause, together, working][
      random.choice([
        pause.share,
        (1 - pause.share) * togetherShare[kind],
        (1 - pause.share) * (1 - togetherShare[kind]),
      ])
    ];
    at += random.lognormal(gap?.median ?? 1, gap?.sigma ?? 0);
  }
  return arrivals;
}
