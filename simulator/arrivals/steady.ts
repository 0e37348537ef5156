import type { Random } from '../random.ts';
import { thinnedArrivals } from './poisson.ts';

/**
 * Fitted with `fit-traces.ts` to the shape of the conversation service in Azure's LLM inference traces of 2023
 * (https://github.com/Azure/AzurePublicDataset, CC-BY). No arrival of the trace is in it.
 */
const fitted = {
  /** Arrivals per second. */
  rate: 5.5,
  /** The rate drifts: a slow and a quick one, each with the time in seconds over which it forgets, and its spread. */
  slow: { memory: 400, sigma: 0.24 },
  quick: { memory: 3, sigma: 0.19 },
};

/** Many independent people: nearly Poisson, 5.5 per second on average with slow drifts, in seconds, sorted. */
export function steadyArrivals(seconds: number, random: Random): number[] {
  const { rate, slow, quick } = fitted;
  const slowDrift = drift(slow, seconds, random);
  const quickDrift = drift(quick, seconds, random);
  // The mean of a lognormal lies above its median.
  const median = rate / Math.exp((slow.sigma ** 2 + quick.sigma ** 2) / 2);
  const rates = slowDrift.map((value, second) => median * Math.exp(value + (quickDrift[second] ?? 0)));
  return thinnedArrivals(
    (at) => rates[Math.floor(at)] ?? rate,
    rates.reduce((most, one) => Math.max(most, one), 0),
    seconds,
    random,
  );
}

/** A normal value for each second that remembers the ones before it (first-order autoregression), mean 0. */
function drift(
  { memory, sigma }: { memory: number; sigma: number },
  seconds: number,
  random: Random,
): number[] {
  const kept = Math.exp(-1 / memory);
  const fresh = sigma * Math.sqrt(1 - kept ** 2);
  let value = sigma * random.normal();
  return Array.from({ length: Math.ceil(seconds) }, () => {
    const now = value;
    value = kept * value + fresh * random.normal();
    return now;
  });
}
