import { largestFile } from '@spillway/core/file-size.ts';
import {
  jobClasses,
  jobClassSchema,
  ledgerSchema,
  predictionSchema,
  routeSchema,
} from '@spillway/core/job.ts';
import { operationNameSchema } from '@spillway/core/operations.ts';
import { calibrationSchema } from '@spillway/core/routing/calibration.ts';
import { longestPauseReason, routingSettingsSchema, settingsChangeSchema } from '@spillway/core/settings.ts';
import { settingsDocumentSchema, settingsEntrySchema } from '@spillway/core/settings-history.ts';
import { mostSourceRules, sourceRuleSchema } from '@spillway/core/source-rules.ts';
import { mostNameBytes, storableText } from '@spillway/core/text.ts';
import { z } from 'zod';
import { mostPixels } from './schema.ts';

/**
 * Bodies of what admins ask about routing, senders and Cloud Run. The server validates with them and describes them in
 * OpenAPI; the islands of those pages parse with the same ones.
 */

/** Of the document that was edited: a change that somebody has made since is not written over. */
const basedOn = z.iso.datetime().nullable().optional();

/** Who changed a document of settings, when, and what. */
export const settingsHistorySchema = z.object({
  entries: z.array(
    settingsEntrySchema.pick({ id: true, document: true, at: true, by: true, undoes: true }).extend({
      differences: z.array(
        z.object({
          path: z.array(z.string()),
          before: z.unknown().optional(),
          after: z.unknown().optional(),
        }),
      ),
    }),
  ),
  cursor: z.string().nullable(),
});
export type SettingsHistory = z.infer<typeof settingsHistorySchema>;
export type SettingsHistoryEntry = SettingsHistory['entries'][number];

export const settingsHistoryQuery = z.strictObject({
  document: settingsDocumentSchema.default('routing'),
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: storableText().max(200).optional(),
});

export const undoneSchema = z.object({
  document: settingsDocumentSchema,
  /** Who changed it last, which is now who undid. */
  change: settingsChangeSchema.nullable(),
});

export const sourcesSchema = z.object({
  /** Those in force. The one with the longest prefix counts. */
  rules: z.array(sourceRuleSchema),
  change: settingsChangeSchema.nullable(),
  /** Why `settings/sources` is not what is in force; null where it is. */
  problem: z.string().nullable(),
});
export type SourcesView = z.infer<typeof sourcesSchema>;

export const sourcesRequestSchema = z.object({
  /** All rules: what is left out is gone. */
  rules: z.array(sourceRuleSchema).max(mostSourceRules),
  basedOn,
});

export const pauseRequestSchema = z.strictObject({
  why: storableText(4 * longestPauseReason)
    .trim()
    .min(1)
    .max(longestPauseReason),
  /** It ends by itself after this time; null: an admin has to end it. */
  forSeconds: z
    .int()
    .min(10)
    .max(31 * 86_400)
    .nullable(),
});

export const runPauseSchema = z.object({
  pause: routingSettingsSchema.shape.run.unwrap().shape.pause.unwrap(),
});

/**
 * A picture that does not exist: what the router would do with it now. Made when it is asked for: it names the operations of
 * the registry, which plug-ins are added to.
 */
export const explainRequestSchema = () =>
  z.strictObject({
    operation: operationNameSchema(),
    /** Bytes of its file. */
    size: z.int().min(1).max(largestFile),
    contentType: storableText().max(200).default('image/jpeg'),
    /** As the sender would say; null: guessed from the bytes. */
    pixels: z.int().min(1).max(mostPixels).nullable().default(null),
    /** The name in the integrators' bucket: a source rule may then say owner, class and options. Null: a picture of the site. */
    name: storableText(mostNameBytes).min(1).max(1_024).nullable().default(null),
    /** Whose it is, where no rule says so. */
    owner: storableText().min(1).max(200).nullable().default(null),
    /** Where no rule says so. */
    class: z.enum(jobClasses).default('interactive'),
    /** How many files are dropped with it. */
    files: z.int().min(1).max(10_000).default(1),
  });

export const explanationSchema = z.object({
  route: routeSchema
    .pick({
      target: true,
      reason: true,
      explanation: true,
      policy: true,
      workMs: true,
      turnAt: true,
      dollars: true,
    })
    .extend({ predicted: predictionSchema.nullable(), ledger: ledgerSchema.nullable() }),
  class: jobClassSchema,
  owner: z.string().nullable(),
  pixels: z.number(),
  /** The prefix of the rule that its name meets; null where it meets none. */
  rule: z.string().nullable(),
  objectiveMs: z.number(),
  /** It would only be recorded, and decided by the next sweep. */
  deferred: z.boolean(),
  at: z.coerce.date(),
});
export type Explanation = z.infer<typeof explanationSchema>;

export const calibrationViewSchema = calibrationSchema.extend({
  /** Documents that were read for it. */
  reads: z.int(),
  from: z.coerce.date().nullable(),
  to: z.coerce.date().nullable(),
});
export type CalibrationView = z.infer<typeof calibrationViewSchema>;

const allowance = z.object({ burst: z.number(), perMinute: z.number() });

/** What visitors and programs may do so often only, in each instance of the site. */
export const limitsSchema = z.object({
  limits: z.array(
    z.object({
      name: z.string(),
      /** Of one visitor. */
      owner: allowance,
      /** Of all visitors of one network together, and of one API key. */
      address: allowance,
      /** Of all visitors of one network without a cookie. */
      stranger: allowance,
    }),
  ),
  /** Bytes of one file. */
  largestFile: z.number(),
});
export type LimitsView = z.infer<typeof limitsSchema>;
