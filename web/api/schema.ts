import { largestFile } from '@spillway/core/file-size.ts';
import { claimSchema, jobErrorSchema, jobSchema, resultSchema, thumbnailSchema } from '@spillway/core/job.ts';
import { offerSchema } from '@spillway/core/offers.ts';
import { manifestViewSchema } from '@spillway/core/operations/manifest-view.ts';
import { mostOperations, operationNameSchema } from '@spillway/core/operations.ts';
import {
  longestShareHours,
  shareNameSchema,
  shareSchema,
  shortestShareHours,
} from '@spillway/core/shares.ts';
import { storableText } from '@spillway/core/text.ts';
import { uploadProtocols } from '@spillway/core/upload-protocol.ts';
import { z } from 'zod';

/**
 * Bodies of what visitors and integrators ask of the HTTP API. The server validates with them and describes them in
 * OpenAPI; the site's islands parse with the same ones. Free of server code, so that a browser can load it. Those of
 * admins are in `admin-schema.ts`, so that the pages of visitors do not load them.
 */

/** Most files that a drop is said to have. */
export const largestBatch = 10_000;
/** Most pixels that a picture is said to have; the workers' input gate has the same limit. */
export const mostPixels = 2 ** 28;
/** Bytes of UTF-8 in a file's name; the object's name is made of its end. */
const longestFileName = 4_000;

const uploadFields = {
  fileName: storableText(longestFileName).min(1).max(1_000),
  contentType: storableText().max(200).default('application/octet-stream'),
  /** Bytes. */
  size: z.int().min(0).max(largestFile),
  /** Groups the files of one drop; a new one is made where it is left out. */
  batchId: z.uuid().optional(),
  /** How many files the drop has: those of a large one are worked on without hurry. */
  files: z.int().min(1).max(largestBatch).default(1),
  /** The file's place in the drop, from 0: lists, archives and tables keep this order. */
  index: z
    .int()
    .min(0)
    .max(largestBatch - 1)
    .optional(),
  /** Of the picture, where they are known: the router then predicts better. */
  pixels: z.int().min(1).max(mostPixels).optional(),
};

/** Made when it is asked for: it names the operations of the registry, which plug-ins are added to. */
export function uploadRequestSchema() {
  const operation = operationNameSchema();
  return z.object({
    ...uploadFields,
    operations: z.array(operation).min(1).max(mostOperations),
    /** Options keyed by operation. */
    options: z.partialRecord(operation, z.record(z.string(), z.unknown())).default({}),
  });
}
export type UploadRequest = z.input<ReturnType<typeof uploadRequestSchema>>;

/** Every operation of the registry, as the page and integrators learn of it. */
export const operationListSchema = z.object({
  operations: z.array(manifestViewSchema),
  /** By operation: whether some worker can do it at the moment, and with which models. */
  offers: z.record(z.string(), offerSchema).default({}),
});

export const uploadSchema = z.object({
  uploadId: z.string(),
  batchId: z.string(),
  objectName: z.string(),
  /** How the bytes are sent to `sessionUrl`. */
  protocol: z.enum(uploadProtocols),
  /** A bearer secret: anybody who knows it can write that object. */
  sessionUrl: z.url(),
});
export type Upload = z.infer<typeof uploadSchema>;

/** What becomes of the files of a job that is deleted. */
export const deletionSchema = z.object({
  files: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('removed') }),
    /** The bucket keeps them, so that admins can restore them. Nobody can remove them earlier. */
    z.object({ kind: z.literal('kept'), forSeconds: z.number() }),
    /** They stay as older versions. */
    z.object({ kind: z.literal('versioned') }),
    z.object({ kind: z.literal('unknown') }),
  ]),
});
const lifetimeSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('days'), days: z.number() }),
  z.object({ kind: z.literal('until_deleted') }),
  z.object({ kind: z.literal('unknown') }),
]);

/** How long what a visitor sends is kept. */
export const retentionSchema = z.object({
  originals: lifetimeSchema,
  results: lifetimeSchema,
  /** Files that a person deletes. */
  deleted: deletionSchema.shape.files,
  /** Days for which the page shows a job after its end. */
  jobDays: z.number(),
  /** Days for which it is noted that a job was deleted, and what its file was called. */
  tombstoneDays: z.number(),
  /** Days after which an upload that was broken off is forgotten. */
  unfinishedDays: z.number(),
});
export type Retention = z.infer<typeof retentionSchema>;

/** What one request of `DELETE /everything` has done. */
export const erasureSchema = z.object({
  deleted: z.number(),
  /** Jobs that are left. */
  left: z.number(),
  /** Jobs that could not be deleted now. */
  failed: z.number(),
  done: z.boolean(),
});

export type DeletionOfFiles = z.infer<typeof deletionSchema>['files'];

/** A job document without its secrets, and without what only the pipeline needs. */
export const jobViewSchema = jobSchema
  .omit({ reservation: true, outbox: true, search: true, history: true })
  .extend({ claim: claimSchema.omit({ token: true }).nullable() });
export type JobView = z.infer<typeof jobViewSchema>;

/** Asks for another operation, or other options, on the source of a job that is there already. */
export function rerunRequestSchema() {
  return z.strictObject({ ...runFields(), from: jobViewSchema.shape.id });
}

/** Asks for one operation on every picture of a batch. */
export function batchRunRequestSchema() {
  return z.strictObject(runFields());
}

/** How far a change of the jobs of a batch has come. */
export const batchChangeSchema = z.object({
  /** Jobs that were changed or made by this request. */
  done: z.int().min(0),
  /** Jobs or pictures that needed nothing: what was asked for is so already, or cannot help them. */
  unchanged: z.int().min(0),
  /** Those for which it failed. The same request may be made again. */
  failed: z.array(z.object({ id: z.string(), message: z.string() })),
  /** Leads to the next jobs of the batch; null once all have been looked at. */
  cursor: z.string().nullable(),
});

const runFields = () => ({
  operation: operationNameSchema(),
  /** What is left out takes its default. */
  options: z.record(z.string(), z.unknown()).default({}),
});

export const jobPageSchema = z.object({ jobs: z.array(jobViewSchema), cursor: z.string().nullable() });

/** RFC 9457. `code` is stable; `detail` is for people. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.string(),
  detail: z.string(),
  /** The fields that are not valid, where the problem is `invalid_request`. */
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});
export type Problem = z.infer<typeof problemSchema>;

/** A private link without its token, which is nowhere, and without its hash. */
export const shareViewSchema = shareSchema
  .omit({ hash: true, owner: true, expiresAt: true })
  .meta({ id: 'Share' });
export type ShareView = z.infer<typeof shareViewSchema>;
export const shareListSchema = z.object({ shares: z.array(shareViewSchema) });

export const shareRequestSchema = z.strictObject({
  batch: storableText().min(1),
  /** Whoever has the link reads it. */
  name: shareNameSchema,
  /** Hours until it ends. */
  hours: z.int().min(shortestShareHours).max(longestShareHours),
});

/** A new link, with its token, which is shown this once. */
export const newShareSchema = z.object({ token: z.string(), share: shareViewSchema });

export const shareTokenSchema = z.strictObject({ token: z.string().max(200) });

/** A batch as whoever has a private link sees it. */
export const sharedBatchSchema = shareSchema.pick({
  id: true,
  name: true,
  createdAt: true,
  validUntil: true,
});

/** A job of a shared batch. */
export const sharedJobSchema = jobSchema
  .pick({
    id: true,
    operation: true,
    options: true,
    state: true,
    run: true,
    createdAt: true,
    batchIndex: true,
  })
  .extend({
    /** The jobs of one picture have the same. */
    picture: z.string(),
    /** Of the file. */
    name: z.string(),
    /** Bytes of the file. */
    size: z.number(),
    thumbnails: z.array(thumbnailSchema.pick({ of: true, width: true })),
    result: resultSchema.pick({ contentType: true, size: true, width: true, height: true }).nullable(),
    error: jobErrorSchema.pick({ code: true, message: true }).nullable(),
  });
export type SharedBatch = z.infer<typeof sharedBatchSchema>;
export type SharedJob = z.infer<typeof sharedJobSchema>;
export const sharedJobPageSchema = z.object({
  jobs: z.array(sharedJobSchema.meta({ id: 'SharedJob' })),
  cursor: z.string().nullable(),
});

export const healthSchema = z.object({ status: z.enum(['ok', 'unavailable']), version: z.string() });

/** Server-sent events by name, as `GET /api/v1/events` sends them. */
export const eventSchemas = {
  job: jobViewSchema,
  /** A job that is no longer to be shown: deleted. */
  removed: z.object({ id: z.string() }),
  /**
   * Sent once whenever a stream begins, after its `job` events: the newest jobs that are there, newest first.
   * A job of the page that is newer than the last of them and not among them was deleted while nobody listened.
   */
  present: z.object({ ids: z.array(z.string()) }),
  /** The last event of a stream that ends because the visitor has no job: it need not be opened again for nothing. */
  idle: z.object({}),
} as const;
