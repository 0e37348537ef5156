import { instant, jobClassSchema } from '@spillway/core/job.ts';
import { loggedAlertSchema } from '@spillway/core/rollups/alert-log.ts';
import { ranges } from '@spillway/core/rollups/levels.ts';
import { markSchema } from '@spillway/core/rollups/mark.ts';
import { countedSchema } from '@spillway/core/rollups/rollup.ts';
import { z } from 'zod';

/** Bodies of what admins read of the past. Free of server code, so that a browser can load it. */

export const rangeSchema = z.enum(ranges);

/** Milliseconds. */
const spread = z.object({
  p50: z.number().nullable(),
  p95: z.number().nullable(),
  p99: z.number().nullable(),
});

const classFigures = z.object({
  ended: z.number(),
  succeeded: z.number(),
  failed: z.number(),
  /** Of the failed ones: for what was sent. */
  refused: z.number(),
  kept: z.number(),
  missed: z.number(),
  /** Of jobs that succeeded: until the claim, of the operation itself, and from the upload to the outcome. */
  wait: spread,
  run: spread,
  total: spread,
});

const targets = z.object({ vm: z.number(), run: z.number() });

const figures = z.object({
  classes: z.object({ interactive: classFigures, bulk: classFigures }),
  decided: targets,
  moved: z.number(),
  givenBack: z.number(),
  /** US dollars by list prices: see core/rollups/figures.ts. */
  dollars: z.object({
    run: z.number(),
    predictedRun: z.number(),
    allOnRun: z.number(),
    besideVms: z.number(),
    vms: z.number().nullable(),
  }),
});
export type FiguresView = z.infer<typeof figures>;

const pointSchema = figures.extend({
  at: instant,
  /** What was seen of the whole system; null where nobody looked. */
  system: z
    .object({
      /** The greatest age of the oldest waiting job, in milliseconds. */
      oldestMs: targets,
      /** Means. */
      queued: targets,
      vms: z.number(),
      slots: z.number(),
      busy: z.number(),
      instances: z.number(),
      /** Share of the time in which Cloud Run's breaker held work back. */
      paused: z.number(),
    })
    .nullable(),
});
export type MetricsPoint = z.infer<typeof pointSchema>;

export const metricsSchema = z.object({
  range: rangeSchema,
  from: instant,
  until: instant,
  /** Milliseconds from one point to the next. A step in which nothing was seen has no point. */
  stepMs: z.number(),
  points: z.array(pointSchema.meta({ id: 'MetricsPoint' })),
  /** Over the whole time. */
  sum: figures.extend({
    codes: z.record(z.string(), z.number()),
    reasons: z.record(z.string(), z.number()),
    operations: z.array(classFigures.extend({ operation: z.string(), class: jobClassSchema })),
    deadLetters: z.number(),
  }),
  /**
   * Ends as the documents of the jobs say, for the part of the time that is over; null where it is not about all jobs.
   * `untold`: those that the other figures lack, because a program was killed before it wrote.
   */
  counted: countedSchema.extend({ untold: z.number() }).nullable(),
  marks: z.array(markSchema),
  /** Quantiles differ from those of the durations themselves by no more than this share. */
  relativeError: z.number(),
});
export type MetricsView = z.infer<typeof metricsSchema>;

/** Names that charts can be about, those with the most jobs of late first. */
export const choicesSchema = z.object({
  operation: z.array(z.string()),
  worker: z.array(z.string()),
  source: z.array(z.string()),
  owner: z.array(z.string()),
});
export type MetricsChoices = z.infer<typeof choicesSchema>;

export const machinesSchema = z.object({
  range: rangeSchema,
  from: instant,
  until: instant,
  stepMs: z.number(),
  machines: z.array(
    z.object({
      id: z.string(),
      kind: z.enum(['vm', 'run']),
      points: z.array(
        z.object({
          at: instant,
          /** Load of the machine's processors, as shares 0..1: the mean, and the greatest of any heartbeat. */
          cpu: z.number(),
          mostCpu: z.number(),
          /** Share of the machine's processors that the worker's own processes took. */
          ownCpu: z.number(),
          memory: z.number(),
          mostMemory: z.number(),
          /** Bytes of the worker's own processes. */
          ownBytes: z.number(),
          slots: z.number(),
          busy: z.number(),
        }),
      ),
    }),
  ),
});
export type MachinesView = z.infer<typeof machinesSchema>;

export const alertLogSchema = z.object({
  from: instant,
  until: instant,
  /** The one that began last first. */
  alerts: z.array(loggedAlertSchema.meta({ id: 'LoggedAlert' })),
});
export type AlertLogView = z.infer<typeof alertLogSchema>;
