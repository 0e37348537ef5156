import type { Scenario } from './scenario.ts';

/** What can be asked to go wrong, beside what the scenario says. A VM's bad times last as long as the longest run. */
const always = { atSeconds: 0, forSeconds: 1e7 } as const;
const faults: Record<string, Partial<Scenario['faults']>> = {
  /** The first VM takes twice as long for everything, from the start. */
  'slow-vm': { slowVms: [{ vm: 0, ...always, factor: 2 }] },
  /** Every hundredth attempt crashes at some point of it. */
  crashes: { crash: 0.01 },
  /** The first VM vanishes with what it does, for two minutes of every ten. */
  'vm-deaths': {
    vmDeaths: Array.from({ length: 24 }, (_, index) => ({
      vm: 0,
      atSeconds: 300 + 600 * index,
      forSeconds: 120,
    })),
  },
  /** The first VM stalls for 15 s of every five minutes, which is longer than its claims live, and then goes on. */
  stalls: {
    vmStalls: Array.from({ length: 48 }, (_, index) => ({
      vm: 0,
      atSeconds: 150 + 300 * index,
      forSeconds: 15,
    })),
  },
  /** One message in fifty comes twice, and one in a hundred some ten seconds late. */
  messages: { duplicate: 0.02, delayed: { probability: 0.01, delay: { medianMs: 10_000, sigma: 0.5 } } },
};

export const faultNames = ['refusals', ...Object.keys(faults)];

/** A fault that there is not: one sentence for the person who named it. */
export class FaultError extends Error {}

/** The scenario in which this goes wrong. Throws `FaultError`. */
export function withFault(name: string, scenario: Scenario): Scenario {
  // Two instances are soon all taken, and what comes then is refused with 429.
  if (name === 'refusals') return { ...scenario, run: { ...scenario.run, maxInstances: 2 } };
  const wrong = faults[name];
  if (!wrong) throw new FaultError(`There is no fault ${name}. There are: ${faultNames.join(', ')}.`);
  return { ...scenario, faults: { ...scenario.faults, ...wrong } };
}
