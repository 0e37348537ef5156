import { describe, expect, it } from 'vitest';
import { EventQueue } from './event-queue.ts';
import { Fifo } from './fifo.ts';
import { type Random, randomStream } from './random.ts';
import { mean, variance } from './statistics.ts';

const draw = (count: number, of: (random: Random) => number) => {
  const random = randomStream(1, 'test');
  return Array.from({ length: count }, () => of(random));
};

describe('a random stream', () => {
  it('is the same for its seed and name, and unlike its neighbours', () => {
    const first = (seed: number, name: string) => {
      const random = randomStream(seed, name);
      return Array.from({ length: 5 }, random.uniform);
    };
    expect(first(1, 'a')).toEqual(first(1, 'a'));
    const all = [first(1, 'a'), first(2, 'a'), first(1, 'b'), first(11, 'a'), first(1, '1/a')].flat();
    expect(new Set(all).size).toBe(all.length);
  });

  it('has no correlation between streams of neighbouring seeds', () => {
    const [a, b] = [1, 2].map((seed) => {
      const random = randomStream(seed, 'test');
      return Array.from({ length: 20_000 }, () => random.uniform() - 0.5);
    });
    const correlation = mean((a ?? []).map((value, index) => 12 * value * (b?.[index] ?? 0)));
    expect(Math.abs(correlation)).toBeLessThan(0.03);
  });

  it.each([
    ['uniform', (random: Random) => random.uniform(), 1 / 2, 1 / 12],
    ['exponential', (random: Random) => random.exponential(3), 3, 9],
    ['normal', (random: Random) => random.normal(), 0, 1],
    ['lognormal', (random: Random) => Math.log(random.lognormal(Math.E, 0.5)), 1, 0.25],
    ['choice', (random: Random) => random.choice([1, 0, 3]), 1.5, 0.75],
  ] as const)('draws %s values with their mean and variance', (_, of, expectedMean, expectedVariance) => {
    const values = draw(40_000, of);
    expect(Math.abs(mean(values) - expectedMean)).toBeLessThan(4 * Math.sqrt(expectedVariance / 40_000));
    expect(variance(values) / expectedVariance).toBeCloseTo(1, 1);
  });
});

describe('the event queue', () => {
  it('gives events by time, and those of one time in the order in which they came', () => {
    const random = randomStream(2, 'queue');
    const queue = new EventQueue<{ time: number; order: number }>();
    const events = Array.from({ length: 2_000 }, (_, order) => ({
      time: Math.floor(random.uniform() * 100),
      order,
    }));
    const popped: typeof events = [];
    for (const event of events) {
      queue.push(event.time, event);
      // Taken out in between: only what is later than all that is left may follow.
      if (random.uniform() < 0.2) popped.push(...[queue.pop()].filter((each) => each !== undefined));
    }
    const rest: typeof events = [];
    while (queue.size > 0) rest.push(...[queue.pop()].filter((each) => each !== undefined));
    expect(rest).toEqual(rest.toSorted((a, b) => a.time - b.time || a.order - b.order));
    expect([...popped, ...rest].sort((a, b) => a.order - b.order)).toEqual(events);
    expect(queue.nextTime).toBe(Number.POSITIVE_INFINITY);
    expect(queue.pop()).toBeUndefined();
  });
});

describe('a queue', () => {
  it('gives first what came first, also after thousands', () => {
    const fifo = new Fifo<number>();
    let expected = 0;
    for (let item = 0; item < 10_000; item++) {
      fifo.push(item);
      if (item % 3 > 0) expect(fifo.shift()).toBe(expected++);
    }
    expect(fifo.size).toBe(10_000 - expected);
    while (fifo.size > 0) expect(fifo.shift()).toBe(expected++);
    expect(fifo.shift()).toBeUndefined();
  });
});
