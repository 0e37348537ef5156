import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { z } from 'zod';
import { randomStream } from '../random.ts';
import { burstyArrivals } from './bursty.ts';
import { csvArrivals } from './csv.ts';
import { dayArrivals } from './day.ts';
import { daysArrivals, secondsOfDay } from './days.ts';
import { mmppArrivals } from './mmpp.ts';
import { poissonArrivals } from './poisson.ts';
import { steadyArrivals } from './steady.ts';
import { stepArrivals } from './step.ts';
import { TraceError } from './trace-error.ts';

/** Where arrivals come from. */
export interface ArrivalSource {
  /** What was asked for; of a file its name alone, so that results do not tell whose machine they come from. */
  name: string;
  /** False where every seed has the same arrivals. */
  random: boolean;
  /** Seconds from the start, sorted. */
  arrivals(seed: number): number[];
}

/** A run of this many jobs takes minutes and gigabytes. */
const mostArrivals = 2_000_000;

const days = z.coerce
  .number()
  .positive()
  .max(60)
  .transform((number) => number * secondsOfDay)
  .default(7 * secondsOfDay);
const rate = z.coerce.number().min(0).max(100_000);
const positiveRate = rate.positive();
const seconds = z.coerce
  .number()
  .positive()
  .max(10 * 86_400)
  .default(3_600);
const sojourn = z.coerce.number().positive();

/** Each generator: its arguments after colons, in this order, and what it makes of them. */
const generators = {
  bursty: generator(
    '[:seconds]',
    z.object({ seconds }),
    () => 3,
    (of, random) => burstyArrivals(of.seconds, random),
  ),
  steady: generator(
    '[:seconds]',
    z.object({ seconds }),
    () => 6,
    (of, random) => steadyArrivals(of.seconds, random),
  ),
  poisson: generator(
    ':rate[:seconds]',
    z.object({ rate: positiveRate, seconds }),
    (of) => of.rate,
    (of, random) => poissonArrivals(of.rate, of.seconds, random),
  ),
  mmpp: generator(
    ':calm rate:burst rate:calm seconds:burst seconds[:seconds]',
    z.object({
      calmRate: rate,
      burstRate: positiveRate,
      calmSeconds: sojourn,
      burstSeconds: sojourn,
      seconds,
    }),
    (of) => Math.max(of.calmRate, of.burstRate),
    (of, random) => mmppArrivals(of, of.seconds, random),
  ),
  day: generator(
    ':mean rate[:swing 0..1[:seconds]]',
    z.object({ rate: positiveRate, swing: z.coerce.number().min(0).max(1).default(0.8), seconds }),
    (of) => 2 * of.rate,
    (of, random) => dayArrivals(of.rate, of.swing, of.seconds, random),
  ),
  days: generator(
    ':mean rate[:days]',
    z.object({ rate: positiveRate, seconds: days }),
    (of) => of.rate,
    (of, random) => daysArrivals(of.rate, of.seconds, random),
  ),
  step: generator(
    ':low rate:high rate[:seconds]',
    z.object({ low: rate, high: positiveRate, seconds }),
    (of) => Math.max(of.low, of.high),
    (of, random) => stepArrivals(of.low, of.high, of.seconds, random),
  ),
};

/** Every form that `parseTrace` takes, for messages and help. */
export const traceForms = [
  '<file>.csv',
  ...Object.entries(generators).map(([name, { usage }]) => `${name}${usage}`),
];

/** A CSV file or a generator with its arguments, such as `poisson:12:600`. Throws `TraceError`. */
export function parseTrace(spec: string): ArrivalSource {
  const [name = '', ...given] = spec.split(':');
  if (Object.hasOwn(generators, name)) {
    return generators[name as keyof typeof generators].parse(spec, given);
  }
  if (!/\.csv$/i.test(spec) && !existsSync(spec)) {
    throw new TraceError(`"${spec}" is neither a file nor one of: ${traceForms.join(', ')}.`);
  }
  const arrivals = csvArrivals(spec);
  return { name: basename(spec), random: false, arrivals: () => arrivals };
}

type Generate<Arguments> = (of: Arguments, random: ReturnType<typeof randomStream>) => number[];

function generator<Shape extends z.ZodRawShape & { seconds: z.ZodType<number> }>(
  usage: string,
  schema: z.ZodObject<Shape>,
  highestRate: (of: z.infer<z.ZodObject<Shape>>) => number,
  generate: Generate<z.infer<z.ZodObject<Shape>>>,
) {
  const names = Object.keys(schema.shape);
  return {
    usage,
    parse(spec: string, given: string[]): ArrivalSource {
      const name = spec.split(':', 1)[0] ?? '';
      const fail = (problem: string) => new TraceError(`${spec}: ${problem}; the form is ${name}${usage}.`);
      if (given.length > names.length) throw fail(`more than ${names.length} arguments`);
      // An empty argument, as in `day:5::600`, means the default.
      const entries = given.map((text, index) => [names[index], text === '' ? undefined : text]);
      const parsed = schema.safeParse(Object.fromEntries(entries));
      if (!parsed.success) {
        const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
        throw fail(problems.join(', '));
      }
      const { data } = parsed;
      const expected = highestRate(data) * (data as { seconds: number }).seconds;
      if (expected > mostArrivals)
        throw fail(`up to ${Math.round(expected)} arrivals, more than ${mostArrivals}`);
      return {
        name: spec,
        random: true,
        arrivals: (seed) => generate(data, randomStream(seed, 'arrivals')),
      };
    },
  };
}
