/** A seeded source of random numbers, and the distributions that the simulator draws from it. */
export interface Random {
  /** Uniform in [0, 1), with 32 bits. */
  uniform(): number;
  /** Exponential with this mean. */
  exponential(mean: number): number;
  /** Standard normal. */
  normal(): number;
  /** Lognormal: `median` times e to a normal with standard deviation `sigma`. */
  lognormal(median: number, sigma: number): number;
  /** An index, with a probability in proportion to its weight. */
  choice(weights: readonly number[]): number;
}

/**
 * A stream of its own for each seed and name. What is drawn from one never shifts another, so that policies compared
 * under one seed meet the same arrivals, pictures and service times (common random numbers: Law, "Simulation
 * Modeling and Analysis", 5th ed., section 11.2).
 */
export function randomStream(seed: number, name: string): Random {
  const uniform = sfc32(seed, name);
  const exponential = (mean: number) => -mean * Math.log(1 - uniform());
  // Box and Muller (1958). The second of each pair is thrown away: one draw then takes two numbers, always.
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return {
    uniform,
    exponential,
    normal,
    lognormal: (median, sigma) => median * Math.exp(sigma * normal()),
    choice: (weights) => {
      let left = uniform() * weights.reduce((sum, weight) => sum + weight, 0);
      for (const [index, weight] of weights.entries()) {
        left -= weight;
        if (left < 0) return index;
      }
      return weights.length - 1;
    },
  };
}

/**
 * sfc32, "small fast counting", of PractRand (Chris Doty-Humphrey, https://pracrand.sourceforge.net): 128 bits of
 * state, passes PractRand and BigCrush. Twelve rounds mix the seed in, as its author does.
 */
function sfc32(seed: number, name: string): () => number {
  let [a, b, c, counter] = [hash(`${seed}/${name}/a`), hash(`${seed}/${name}/b`), hash(name), 1];
  const next = () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let round = 0; round < 12; round++) next();
  return next;
}

/** FNV-1a with the finaliser of MurmurHash3, which spreads neighbouring seeds (both in the public domain). */
function hash(text: string): number {
  let mixed = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    mixed = Math.imul(mixed ^ text.charCodeAt(index), 0x01000193);
  }
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
