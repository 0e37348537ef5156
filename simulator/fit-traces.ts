import { parseTrace } from './arrivals/parse-trace.ts';
import { type Shape, shapeOf } from './arrivals/shape.ts';

/**
 * `node simulator/fit-traces.ts [<trace> …]`: the shape of each trace, by default of the two that are generated, so
 * that a generator's fit to the file it imitates can be checked. Of generated arrivals, medians over 30 seeds.
 */
const specs = process.argv.slice(2);
for (const spec of specs.length > 0 ? specs : ['bursty', 'steady']) {
  const source = parseTrace(spec);
  const seeds = Array.from({ length: source.random ? 30 : 1 }, (_, index) => index + 1);
  const shapes = seeds.map((seed) => shapeOf(source.arrivals(seed)));
  const median = (figure: (shape: Shape) => number) => {
    const sorted = shapes.map(figure).sort((a, b) => a - b);
    return (sorted[sorted.length >> 1] ?? Number.NaN).toPrecision(4);
  };
  console.log(
    [
      `${source.name}: ${median((shape) => shape.ratePerSecond)} per second`,
      `CV of gaps ${median((shape) => shape.gapVariation)}`,
      `dispersion in 1/10/60 s ${median((shape) => shape.dispersion[1])} ${median((shape) => shape.dispersion[10])} ${median((shape) => shape.dispersion[60])}`,
      `at most ${median((shape) => shape.mostInOneSecond)} in a second`,
    ].join(', '),
  );
}
