import { z } from 'zod';
import { jobClassSchema } from './job.ts';
import { routingSettingsSchema } from './settings.ts';

/** Over which time arrivals are played, in milliseconds. */
export const whatIfRanges = { '1h': 3_600_000, '24h': 86_400_000 } as const;
const whatIfRangeSchema = z.enum(['1h', '24h']);

export const whatIfRequestSchema = z.object({
  range: whatIfRangeSchema.default('1h'),
  /** All settings that are tried: what is left out takes its default. */
  routing: routingSettingsSchema,
});
export type WhatIfRequest = z.infer<typeof whatIfRequestSchema>;

/** Jobs of one operation and class. Counts are of all jobs of the time, also where only a sample was played. */
const groupSchema = z.object({
  operation: z.string(),
  class: jobClassSchema,
  jobs: z.number(),
  /** Not done by their deadline, which is that of the settings in question. */
  missed: z.number(),
  onRun: z.number(),
  /** Milliseconds from the upload to the result; null where none was done. */
  p50Ms: z.number().nullable(),
  p95Ms: z.number().nullable(),
});
export type WhatIfGroup = z.infer<typeof groupSchema>;

export const whatIfSideSchema = z.object({
  groups: z.array(groupSchema),
  /** US dollars for Cloud Run. VMs are paid for anyway, and the same ones. */
  runDollars: z.number(),
});
export type WhatIfSide = z.infer<typeof whatIfSideSchema>;

/** What was played, and from what. */
export const whatIfBasisSchema = z.object({
  from: z.coerce.date(),
  to: z.coerce.date(),
  /** Jobs of that time. */
  jobs: z.int(),
  /** Of them, those that were played. */
  played: z.int(),
  /** Stretches of time that they are from; 1 where all were played. */
  stretches: z.int(),
  /** Documents and index entries that were read. */
  reads: z.int(),
  vms: z.int(),
  slots: z.int(),
  /** What the figures do not say, as sentences. */
  notes: z.array(z.string()),
});
export type WhatIfBasis = z.infer<typeof whatIfBasisSchema>;

/** A line of the answer. The last is a result or a failure. */
export const whatIfLineSchema = z.discriminatedUnion('kind', [
  /** 0 to 1. */
  z.object({ kind: z.literal('progress'), share: z.number() }),
  z.object({
    kind: z.literal('result'),
    basis: whatIfBasisSchema,
    /** What really was. */
    measured: whatIfSideSchema,
    /** The same arrivals in simulation, with the settings in force and with those that are tried. */
    today: whatIfSideSchema,
    proposed: whatIfSideSchema,
    tookMs: z.number(),
  }),
  /** Why there is no result, as a sentence for a person. */
  z.object({ kind: z.literal('failed'), why: z.string() }),
]);
export type WhatIfLine = z.infer<typeof whatIfLineSchema>;
export type WhatIfResult = Extract<WhatIfLine, { kind: 'result' }>;
