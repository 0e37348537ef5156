import { seededRandom } from './seeded-random.ts';

/** Counts a minute, Poisson around `meanAt` each minute: the same for the same seed. */
export function seededCounts(minutes: number, meanAt: (minute: number) => number, seed = 1): number[] {
  const random = seededRandom(seed);
  return Array.from({ length: minutes }, (_, minute) => poisson(meanAt(minute), random));
}

/** Multiplies uniform numbers: Knuth, "The Art of Computer Programming", volume 2, section 3.4.1. For means below 700. */
function poisson(mean: number, random: () => number): number {
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count++;
  return count;
}
