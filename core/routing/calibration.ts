import { z } from 'zod';
import { type Job, jobClasses, jobClassSchema } from '../job.ts';
import { keptObjective } from '../objective.ts';

/** Jobs whose predicted chance to be in time is from `from` to below `to`, and what became of them. */
const bandSchema = z.object({
  from: z.number(),
  to: z.number(),
  jobs: z.int(),
  /** Of them, those that were in time. */
  kept: z.int(),
  /** Mean of the predicted chances: what `kept / jobs` should be. */
  expected: z.number(),
  /** 95 % interval of the true share (Wilson's). */
  low: z.number(),
  high: z.number(),
});
export type CalibrationBand = z.infer<typeof bandSchema>;

const saidSchema = z.object({ jobs: z.int(), kept: z.int() });

/** How often what routers called in time was in time. Bulk work is apart: it has another objective. */
export const calibrationSchema = z.object({
  classes: z.array(
    z.object({
      class: jobClassSchema,
      jobs: z.int(),
      /** By the decision's own word, which asks for a chance of `confidence` standard deviations. */
      saidInTime: saidSchema,
      saidLate: saidSchema,
      /** The unlikely first; those without a job are left out. */
      bands: z.array(bandSchema),
    }),
  ),
  /** Jobs that say nothing: not ended, refused for what was sent, or decided without a prediction. */
  leftOut: z.int(),
});
export type Calibration = z.infer<typeof calibrationSchema>;

/** Where bands end. 0.95 is what 1.65 standard deviations stand for, the default of `confidence`. */
const bandEnds = [0.5, 0.8, 0.95, 0.99, 1] as const;

interface Judged {
  chance: number;
  saidInTime: boolean;
  kept: boolean;
}

/** Holds the predictions of decisions against how the jobs ended. Pure. */
export function calibrationOf(jobs: readonly Job[]): Calibration {
  const judged = jobs.map((job) => ({ class: job.class, judged: judge(job) }));
  const classes = jobClasses.flatMap((jobClass) => {
    const of = judged.flatMap((each) => (each.class === jobClass && each.judged ? [each.judged] : []));
    return of.length === 0 ? [] : [{ class: jobClass, ...ofClass(of) }];
  });
  return { classes, leftOut: judged.filter((each) => each.judged === null).length };
}

function ofClass(jobs: readonly Judged[]): Omit<Calibration['classes'][number], 'class'> {
  const said = (inTime: boolean) => {
    const of = jobs.filter(({ saidInTime }) => saidInTime === inTime);
    return { jobs: of.length, kept: keptOf(of) };
  };
  const bands = bandEnds.flatMap((to, index) => {
    const from = bandEnds[index - 1] ?? 0;
    const isLast = index === bandEnds.length - 1;
    const of = jobs.filter(({ chance }) => chance >= from && (chance < to || isLast));
    return of.length === 0 ? [] : [bandOf(from, to, of)];
  });
  return { jobs: jobs.length, saidInTime: said(true), saidLate: said(false), bands };
}

function bandOf(from: number, to: number, jobs: readonly Judged[]): CalibrationBand {
  const kept = keptOf(jobs);
  const expected = jobs.reduce((sum, { chance }) => sum + chance, 0) / jobs.length;
  return { from, to, jobs: jobs.length, kept, expected, ...wilson(kept, jobs.length) };
}

function keptOf(jobs: readonly Judged[]): number {
  return jobs.filter(({ kept }) => kept).length;
}

function judge(job: Job): Judged | null {
  const { predicted, target } = job.route;
  const side = predicted?.[target];
  const kept = keptObjective(job);
  if (!predicted || !side || kept === null) return null;
  const meanMs = side.waitMs + side.serviceMs + side.ioMs;
  return { chance: chanceWithin(predicted.budgetMs, meanMs, side.spreadMs), saidInTime: side.inTime, kept };
}

/** The chance that a normal variable stays within a limit. */
function chanceWithin(limit: number, mean: number, spread: number): number {
  if (spread === 0) return mean <= limit ? 1 : 0;
  return normalBelow((limit - mean) / spread);
}

/**
 * The standard normal distribution's share below `z`, within 7.5e-8.
 * @see Abramowitz and Stegun, "Handbook of Mathematical Functions", 26.2.17
 */
function normalBelow(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const tail =
    (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) *
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return z >= 0 ? 1 - tail : tail;
}

const z95 = 1.959964;

/**
 * The 95 % interval of a share of which `kept` of `jobs` were seen.
 * @see Wilson, "Probable inference, the law of succession, and statistical inference", 1927
 */
function wilson(kept: number, jobs: number): { low: number; high: number } {
  const share = kept / jobs;
  const weight = 1 + z95 ** 2 / jobs;
  const middle = (share + z95 ** 2 / (2 * jobs)) / weight;
  const half = (z95 / weight) * Math.sqrt((share * (1 - share)) / jobs + z95 ** 2 / (4 * jobs ** 2));
  return { low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}
