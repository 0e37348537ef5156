import { describe, expect, it } from 'vitest';
import { randomStream } from '../random.ts';
import { mean } from '../statistics.ts';
import { burstyArrivals } from './bursty.ts';
import { parseCsv } from './csv.ts';
import { parseTrace } from './parse-trace.ts';
import { halfOf, rescaleTo } from './rescale.ts';
import { shapeOf } from './shape.ts';
import { steadyArrivals } from './steady.ts';
import { TraceError } from './trace-error.ts';

const parse = (...lines: string[]) => parseCsv(lines.join('\n'), 'trace.csv');

describe('a CSV file', () => {
  it('gives seconds from the first arrival, to the last of seven digits', () => {
    const arrivals = parse(
      'TIMESTAMP,ContextTokens,GeneratedTokens',
      '2023-11-16 18:17:03.9799600,4808,10',
      '2023-11-16 18:17:04.0319601,3180,8',
      '2023-11-17 00:00:00.0000000,1,1',
      '',
    );
    expect(arrivals[1]).toBeCloseTo(0.0520001, 9);
    expect(arrivals[2]).toBeCloseTo(20_576.02004, 7);
  });

  it.each([
    ['seconds', ['0.5', '2', '3.25'], [0, 1.5, 2.75]],
    ['seconds since 1970', ['1700000000', '1700000001.5'], [0, 1.5]],
    ['milliseconds since 1970', ['1700000000000', '1700000000250'], [0, 0.25]],
    ['ISO 8601 with zones', ['2026-01-01T00:00:00Z', '2026-01-01T02:00:01+02:00'], [0, 1]],
    ['a header, quotes, blanks and Windows line ends', ['"time";x\r', '\r', '"1"; 2\r', ' 4 ;3\r'], [0, 3]],
    ['what is not sorted', ['3', '1', '2'], [0, 1, 2]],
  ])('may hold %s', (_, lines, expected) => {
    const arrivals = parse(...lines);
    expect(arrivals).toHaveLength(expected.length);
    for (const [index, at] of arrivals.entries()) expect(at).toBeCloseTo(expected[index] ?? Number.NaN, 6);
  });

  it.each([
    [['1', 'two', '3'], 'line 2: "two"'],
    [['time', '1', '', '2023-99-99 00:00:00'], 'line 4: "2023-99-99 00:00:00"'],
    [['2023-11-16 18:17'], 'line 1'],
    [['time'], 'no arrivals'],
    [[''], 'no arrivals'],
  ])('is refused with the place of what is wrong: %j', (lines, message) => {
    expect(() => parse(...lines)).toThrow(message);
  });
});

describe('a trace’s description', () => {
  it.each([
    'bursty:60',
    'steady:60',
    'poisson:5:60',
    'mmpp:1:20:30:5:60',
    'day:5:0.5:60',
    'day:5::60',
    'step:1:9:60',
  ])('%s gives arrivals that are sorted, within their time and the same for the same seed', (spec) => {
    const { arrivals, name } = parseTrace(spec);
    const all = arrivals(1);
    expect(name).toBe(spec);
    expect(all.length).toBeGreaterThan(5);
    expect(all).toEqual(all.toSorted((a, b) => a - b));
    expect(all.at(-1)).toBeLessThan(60);
    expect(arrivals(1)).toEqual(all);
    expect(arrivals(2)).not.toEqual(all);
  });

  it.each([
    ['poisson', 'poisson:rate[:seconds]'],
    ['poisson:fast', 'rate: '],
    ['poisson:-1', 'rate: '],
    ['poisson:1:2:3', 'more than 2 arguments'],
    ['poisson:90000:86400', 'more than 2000000'],
    ['day:5:2', 'swing: '],
    ['nothing', 'neither a file nor one of'],
    ['missing.csv', 'Cannot read missing.csv: ENOENT.'],
  ])('%s is refused in one sentence', (spec, message) => {
    expect(() => parseTrace(spec)).toThrow(TraceError);
    expect(() => parseTrace(spec)).toThrow(message);
  });

  it('means the rates that it says', () => {
    const rate = (spec: string) => {
      const seeds = Array.from({ length: 20 }, (_, seed) => parseTrace(spec).arrivals(seed).length / 600);
      return mean(seeds);
    };
    expect(rate('poisson:5:600')).toBeCloseTo(5, 0);
    expect(rate('day:5:0.8:600')).toBeCloseTo(5, 0);
    expect(rate('step:2:8:600')).toBeCloseTo(4, 0);
    // A week of 0.05 a second, and at most a tenth more in bursts.
    const week = parseTrace('days:0.05:7').arrivals(1);
    expect(week.length / (7 * 86_400) / 0.05).toBeGreaterThan(0.8);
    expect(week.length / (7 * 86_400) / 0.05).toBeLessThan(1.3);
    const hours = (from: number, to: number) => week.filter((at) => at >= from * 3_600 && at < to * 3_600);
    // Monday from ten to twelve, and from two to four; Sunday noon is between the two.
    expect(hours(10, 12).length).toBeGreaterThan(3 * hours(2, 4).length);
    expect(hours(154, 156).length).toBeLessThan(hours(10, 12).length);
    // A third of the time in bursts: 2/3 of 1 and 1/3 of 10.
    expect(rate('mmpp:1:10:20:10:600')).toBeCloseTo(4, 0);
  });
});

describe('rescaling and halving', () => {
  const arrivals = [0, 1, 2, 6, 9, 10];

  it('gives the mean rate that was asked for and keeps the shape', () => {
    const faster = rescaleTo(5, arrivals);
    expect(shapeOf(faster).ratePerSecond).toBeCloseTo(5, 12);
    expect(shapeOf(faster).gapVariation).toBeCloseTo(shapeOf(arrivals).gapVariation, 12);
  });

  it('gives every arrival to one half', () => {
    expect(halfOf('first', arrivals)).toEqual([0, 1, 2]);
    expect(halfOf('second', arrivals)).toEqual([6, 9, 10]);
  });
});

/** Figures of the traces that these imitate, as `fit-traces.ts` prints them. */
const originals = {
  bursty: { rate: 2.57, gapVariation: 13.2, dispersion: { 1: 13.2, 10: 71.9, 60: 167 } },
  steady: { rate: 5.53, gapVariation: 1.09, dispersion: { 1: 1.39, 10: 3.87, 60: 16.4 } },
};

describe.each([['bursty', burstyArrivals] as const, ['steady', steadyArrivals] as const])(
  'generated arrivals: %s',
  (name, generate) => {
    it('have the shape of the trace that they imitate, within a quarter in the middle of 30 seeds', () => {
      const shapes = Array.from({ length: 30 }, (_, seed) =>
        shapeOf(generate(3_500, randomStream(seed + 1, 'arrivals'))),
      );
      const median = (figures: number[]) => figures.sort((a, b) => a - b)[15] ?? Number.NaN;
      const original = originals[name];
      const near = (generated: number, wanted: number) => {
        expect(generated).toBeGreaterThan(0.75 * wanted);
        expect(generated).toBeLessThan(1.25 * wanted);
      };
      near(median(shapes.map(({ ratePerSecond }) => ratePerSecond)), original.rate);
      near(median(shapes.map(({ gapVariation }) => gapVariation)), original.gapVariation);
      for (const window of [1, 10, 60] as const) {
        near(median(shapes.map(({ dispersion }) => dispersion[window])), original.dispersion[window]);
      }
    });
  },
);
