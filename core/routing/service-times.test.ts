import { describe, expect, it } from 'vitest';
import { steadyService } from '../testing/learned-service.ts';
import {
  estimateService,
  type LearnedServices,
  mergeLearned,
  priorServiceMs,
  ServiceTimes,
} from './service-times.ts';

const megapixels = (count: number) => count * 1e6;
const small = megapixels(0.3);
const medium = megapixels(1);
const large = megapixels(4);
const huge = megapixels(20);

/** What a worker has learned from `count` sketches of each size that took `ratio` times the prior. */
function sketches(...seen: { count: number; pixels: number; ratio: number }[]): LearnedServices {
  const times = new ServiceTimes();
  for (const { count, pixels, ratio } of seen) {
    for (let done = 0; done < count; done++) {
      times.record('sketch', pixels, ratio * priorServiceMs('sketch', pixels));
    }
  }
  const sketch = times.of('sketch');
  return sketch ? { sketch } : {};
}

describe('service times', () => {
  it('grow with the picture before anything was observed: fixed, and so much for each megapixel', () => {
    expect(priorServiceMs('sketch', megapixels(2))).toBe(150 + 2 * 50);
    expect(priorServiceMs('caption', 0)).toBe(2_500);
    // One job in ten is assumed to take twice as long: the mean is 1.1575 times, the spread 0.6747 times the prior.
    const unknown = estimateService('sketch', megapixels(2), []);
    expect(unknown.mean).toBeCloseTo(250 * 1.1575, 1);
    expect(unknown.spread).toBeCloseTo(250 * 0.6747, 1);
  });

  it('are kept as ratios to the prior, over all sizes and by bands of them', () => {
    const times = new ServiceTimes();
    expect(times.of('sketch')).toBeNull();
    times.record('sketch', medium, 400);
    expect(times.of('sketch')).toEqual({
      all: { p50: 2, p90: 2, count: 1 },
      bands: [null, { p50: 2, p90: 2, count: 1 }, null, null],
    });
    expect(times.of('caption')).toBeNull();
  });

  it.each([
    [0.499, 0],
    [0.5, 1],
    [1.999, 1],
    [2, 2],
    [7.999, 2],
    [8, 3],
    [200, 3],
  ])('of %d megapixels fall into band %i', (count, band) => {
    const { sketch } = sketches({ count: 1, pixels: megapixels(count), ratio: 1 });
    expect(sketch?.bands.findIndex((figures) => figures !== null)).toBe(band);
  });
});

describe('an estimate', () => {
  it('believes the prior until three were observed, and then what was observed', () => {
    const prior = estimateService('sketch', medium, []);
    const seen = (count: number) => sketches({ count, pixels: huge, ratio: 4 });
    expect(estimateService('sketch', medium, [seen(2)])).toEqual(prior);
    expect(estimateService('sketch', medium, [seen(3)])).toEqual({ mean: 800, spread: 0 });
    expect(estimateService('caption', medium, [seen(20)])).toEqual(estimateService('caption', medium, []));
  });

  it('goes by pictures of the same size once it knows five, and by all sizes before', () => {
    const learned = sketches(
      { count: 5, pixels: large, ratio: 3 },
      { count: 4, pixels: small, ratio: 9 },
      { count: 20, pixels: medium, ratio: 1 },
    );
    expect(estimateService('sketch', large, [learned]).mean).toBe(3 * 350);
    expect(estimateService('sketch', medium, [learned]).mean).toBe(200);
    // 20 of 29 take the prior, 29 · 0.9 = 26.1 of 29 at most nine times as long.
    const overall = estimateService('sketch', small, [learned]);
    expect(overall).toEqual(estimateService('sketch', small, [{ sketch: steady(1, 9) }]));
  });

  it('believes the closest source that has seen enough', () => {
    const own = { sketch: steadyService(2, 5) };
    const newcomer = { sketch: steadyService(7, 2) };
    const place = { sketch: steadyService(3) };
    expect(estimateService('sketch', medium, [own, place]).mean).toBe(400);
    expect(estimateService('sketch', medium, [newcomer, place]).mean).toBe(600);
    expect(estimateService('sketch', medium, [undefined, place]).mean).toBe(600);
  });

  it('follows a worker that has become slower', () => {
    const times = new ServiceTimes();
    const mean = () =>
      estimateService('sketch', medium, [{ sketch: times.of('sketch') ?? steadyService(0) }]).mean;
    for (let done = 0; done < 64; done++) times.record('sketch', medium, 200);
    expect(mean()).toBe(200);
    for (let done = 0; done < 32; done++) times.record('sketch', medium, 600);
    expect(mean()).toBeGreaterThan(200);
    for (let done = 0; done < 32; done++) times.record('sketch', medium, 600);
    expect(mean()).toBeCloseTo(600, 6);
  });
});

describe('what several workers have learned', () => {
  it('counts by how much each has seen', () => {
    const merged = mergeLearned([{ sketch: steadyService(1, 30) }, { sketch: steadyService(5, 10) }], {});
    expect(merged.sketch).toEqual(steadyService(2, 40));
  });

  it('stays known where none of them has seen any of it lately', () => {
    const before = { sketch: steadyService(9), caption: steadyService(4) };
    const now = sketches({ count: 6, pixels: medium, ratio: 2 });
    const merged = mergeLearned([now, {}], before);
    expect(merged.caption).toEqual(before.caption);
    expect(merged.sketch?.all).toEqual({ p50: 2, p90: 2, count: 6 });
    expect(merged.sketch?.bands.map((figures) => figures?.p50)).toEqual([9, 2, 9, 9]);
    expect(mergeLearned([], before)).toEqual(before);
  });
});

/** Quantiles that differ. */
function steady(p50: number, p90: number) {
  const figures = { p50, p90, count: 20 };
  return { all: figures, bands: [figures, figures, figures, figures] };
}
