import { describe, expect, it } from 'vitest';
import { Places } from './places.ts';
import { wayNamed } from './ways.ts';
import { type LineScenario, playLine } from './world.ts';

const production = wayNamed('production');
const about = (medianMs: number) => ({ medianMs, sigma: 0.2 });
const scenario: Omit<LineScenario, 'slots' | 'load'> = {
  slotsPerVm: 4,
  jobMs: 400,
  latency: { query: about(20), get: about(10), write: about(30) },
  claimsPerSlot: 10,
  seed: 7,
};

describe('places', () => {
  it('count whom a claim overtakes, and whom a job lets pass', () => {
    const places = new Places(5);
    for (const job of [0, 1, 2, 3]) places.arrive(job);
    for (const job of [1, 3, 0]) places.claim(job);
    // 1 overtakes 0; 3 overtakes 0 and 2; 0 overtakes nobody. 0 let two pass, and 2 has let one pass so far.
    expect(places.summary()).toEqual({ mean: 1, largest: 2, mostLetPass: 2 });
  });
});

describe('a line that never runs empty', () => {
  it.each([1, 2, 4])('is taken in the order of turns by one VM of %i slots', (slots) => {
    const { overtaking, heldTwice } = playLine({ ...scenario, slots, load: null }, production);
    expect(heldTwice).toBe(0);
    // A slot that has read the line may write after one that read it later.
    expect(overtaking.largest).toBeLessThan(slots);
  });

  it.each([8, 32, 128])('gives %i slots work without races, and close to the order of turns', (slots) => {
    const figures = playLine({ ...scenario, slots, load: null }, production);
    expect(figures.heldTwice).toBe(0);
    expect(figures.shareOfIdeal).toBeGreaterThan(0.9);
    expect(figures.readsPerClaim).toBeLessThan(5);
    expect(figures.triedWritesPerClaim).toBeLessThan(1.3);
    expect(figures.overtaking.mean).toBeLessThan(slots);
    expect(figures.overtaking.largest).toBeLessThan(4 * slots);
    expect(figures.overtaking.mostLetPass).toBeLessThan(4 * slots);
  });
});

describe('a line that is mostly empty', () => {
  it.each([8, 32, 128])('gives each job to one of %i slots soon, and without many reads', (slots) => {
    const figures = playLine({ ...scenario, slots, load: 0.5 }, production);
    expect(figures.heldTwice).toBe(0);
    expect(figures.readsPerClaim).toBeLessThan(5);
    expect(figures.triedWritesPerClaim).toBeLessThan(1.5);
    expect(figures.waitMs?.mean).toBeLessThan(130);
  });
});
