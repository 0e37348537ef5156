import { failureCodeList, machineLacks } from '@spillway/core/errors.ts';
import { heartbeatSchema } from '@spillway/core/heartbeat.ts';
import { modelSchema } from '@spillway/core/job.ts';
import { packedIndexSchema } from '@spillway/core/packed-pictures.ts';
import { resultContentTypes, resultExtensions } from '@spillway/core/picture-types.ts';
import { stepTimeSchema } from '@spillway/core/spans.ts';
import { z } from 'zod';

/**
 * What crosses the wire between `spill` and a Cloud Run worker that serves pictures. `POST /process` has one line of JSON,
 * then the bytes of the picture; the answer has one line of JSON, then the bytes of the result, and of its thumbnails where
 * they are wanted. A line ends with `\n`, and states the sizes of what follows and the checksums.
 */

/** Raised when a worker of an earlier version could no longer read what is sent, or `spill` what it answers. */
export const wireFormat = 1;

/** The address of the endpoint, below the service's. */
export const processPath = '/process';

/** Of requests and answers. */
export const frameContentType = 'application/vnd.spillway.picture';

/** Bytes of the longest first line. */
export const longestHead = 64 * 1_024;

const formatSchema = z.literal(wireFormat, { error: `must be ${wireFormat}: give both sides one version` });

/** Describes the bytes behind the line. */
const fileSchema = z.object({
  /** Bytes. */
  size: z.int().min(0),
  /** See `crc32cSchema`. */
  crc32c: z.string().length(8),
});

/** The first line of a request. */
export const pictureHeadSchema = fileSchema.extend({
  format: formatSchema,
  /** Checked by the worker against its registry, as options are: what it does not know is the job's fault. */
  operation: z.string().min(1).max(100),
  options: z.record(z.string(), z.unknown()),
  /** Whether thumbnails are wanted as well. */
  thumbnails: z.boolean().default(false),
});
export type PictureHead = z.infer<typeof pictureHeadSchema>;

/** How an instance is that answers. It is what an instance with a database writes into its heartbeat. */
export const instanceSchema = heartbeatSchema
  .pick({ id: true, slots: true, busy: true, inFlight: true, models: true, offers: true, version: true })
  .extend(heartbeatSchema.pick({ cpu: true, memory: true, process: true }).shape)
  .extend({
    /** Milliseconds since it was started. */
    upMs: z.number().min(0),
    /** Milliseconds from the request's arrival there to this answer. */
    inHandMs: z.number().min(0),
  });
export type InstanceReport = z.infer<typeof instanceSchema>;

/** The first line of an answer with a result. */
export const resultHeadSchema = fileSchema
  .extend({
    format: formatSchema,
    contentType: z.string(),
    extension: z.enum(resultExtensions),
    /** Pixels. */
    width: z.int().min(1),
    height: z.int().min(1),
    /** Pixels of the source; null where they were not counted. */
    decodedPixels: z.int().min(1).nullable(),
    model: modelSchema.nullable(),
    notes: z.array(z.string()),
    /** Their file follows the result's. Null where none were wanted or could be made. */
    thumbnails: fileSchema.extend(packedIndexSchema.shape).nullable().default(null),
    /** Milliseconds in the child process. */
    processMs: z.number().min(0),
    /** Milliseconds that it waited there for a slot. An instance of an earlier version had one for each request. */
    slotWaitMs: z.number().min(0).default(0),
    /** Clocks differ: `agoMs` is the time from the step's beginning to this answer. */
    steps: z.array(stepTimeSchema.omit({ startedAt: true }).extend({ agoMs: z.number() })),
    instance: instanceSchema,
  })
  .refine(({ contentType, extension }) => resultContentTypes[extension] === contentType, {
    error: 'is not the content type of its extension',
    path: ['contentType'],
  });
export type ResultHead = z.infer<typeof resultHeadSchema>;

/**
 * Why there is no result: the body of every other answer, as JSON. Its status follows from its kind, and is for those who
 * know no more than HTTP.
 */
export const pictureFailureSchema = z.discriminatedUnion('kind', [
  /** The picture, its operation or its options can never work. */
  z.object({ kind: z.literal('permanent'), code: z.enum(failureCodeList), message: z.string() }),
  /** This attempt failed. */
  z.object({ kind: z.literal('retryable'), code: z.enum(failureCodeList), message: z.string() }),
  /** The worker's code threw; see `UnexpectedError`. */
  z.object({ kind: z.literal('unexpected'), signature: z.string() }),
  /** The instance lacks something, and the picture is not at fault. */
  z.object({ kind: z.literal('machine'), lack: z.enum(machineLacks), message: z.string() }),
  /** The instance has as many requests as it takes. */
  z.object({ kind: z.literal('busy'), message: z.string() }),
  /** The instance takes nothing, or has called this off: it is not well, or ends. */
  z.object({ kind: z.literal('unfit'), message: z.string() }),
  /** The request is not as it has to be, or did not come whole. */
  z.object({ kind: z.literal('malformed'), message: z.string() }),
]);
export type PictureFailure = z.infer<typeof pictureFailureSchema>;

/** The body of an answer without a result. */
export const failureBodySchema = z.object({
  format: formatSchema,
  failure: pictureFailureSchema,
  instance: instanceSchema.nullable().default(null),
});
export type FailureBody = z.infer<typeof failureBodySchema>;

/** 4xx for what its sender has to change, 5xx for what may work elsewhere or later. */
export function statusOf({ kind }: PictureFailure): 400 | 422 | 429 | 500 | 503 {
  switch (kind) {
    case 'malformed':
      return 400;
    case 'permanent':
      return 422;
    case 'busy':
      return 429;
    case 'retryable':
    case 'unexpected':
      return 500;
    case 'machine':
    case 'unfit':
      return 503;
    default:
      return kind satisfies never;
  }
}
