import { failureCodeList, machineLacks } from '@spillway/core/errors.ts';
import { modelSchema } from '@spillway/core/job.ts';
import { operationNameForm } from '@spillway/core/operations/operation.ts';
import { packedIndexSchema } from '@spillway/core/packed-pictures.ts';
import { type ResultExtension, resultExtensions } from '@spillway/core/picture-types.ts';
import { stepTimeSchema } from '@spillway/core/spans.ts';
import { modelsSettingsSchema } from '@spillway/models/settings.ts';
import { z } from 'zod';
import { inputLimitsSchema } from './input-limits.ts';

/** Every message between a worker and its children. */

/** Part of the first request to a child. */
export const childSettingsSchema = z.object({
  /** Threads that libvips and inference may each use for one picture. */
  threads: z.int().min(1),
  models: modelsSettingsSchema,
  /** Addresses of the plug-ins' modules. */
  plugins: z.array(z.string()),
  /** Operations that are run once before the child counts as started. */
  warmUp: z.array(operationNameForm),
  limits: inputLimitsSchema,
});
export type ChildSettings = z.infer<typeof childSettingsSchema>;

/** The answer: every operation has run on a small picture, or the machine or the program prevents that. */
export const childStartSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready'), models: z.array(z.string()) }),
  z.object({ kind: z.literal('unfit'), lack: z.enum(machineLacks), detail: z.string() }),
  z.object({ kind: z.literal('broken'), detail: z.string() }),
]);
export type ChildStart = z.infer<typeof childStartSchema>;

export const childJobSchema = z.object({
  operation: operationNameForm,
  options: z.record(z.string(), z.unknown()),
  inputPath: z.string(),
  /** Path of the result without its extension. */
  outputPath: z.string(),
  /** Whether thumbnails of source and result are wanted as well. Default: no. */
  thumbnails: z.boolean().optional(),
});
export type ChildJob = z.infer<typeof childJobSchema>;

export const childRequestSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('start'), settings: childSettingsSchema }),
  z.object({ kind: z.literal('process'), job: childJobSchema }),
]);
export type ChildRequest = z.infer<typeof childRequestSchema>;

/** Where a child puts the result of a job. */
export function resultPathOf({ outputPath }: ChildJob, extension: ResultExtension): string {
  return `${outputPath}.${extension}`;
}

/** Where a child puts the thumbnails of a job. */
export function thumbnailsPathOf({ outputPath }: ChildJob): string {
  return `${outputPath}.thumbnails`;
}

/** Thumbnails and mask, all in one file. Where they could not be made, the result is good all the same. */
const madeThumbnailsSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('not_wanted') }),
  z.object({ kind: z.literal('made'), path: z.string(), ...packedIndexSchema.shape }),
  z.object({
    kind: z.literal('not_made'),
    /** For the log: may name paths. */
    detail: z.string(),
  }),
]);
export type MadeThumbnails = z.infer<typeof madeThumbnailsSchema>;

export const processedImageSchema = z.object({
  path: z.string(),
  contentType: z.string(),
  extension: z.enum(resultExtensions),
  /** Pixels of the source that were decoded. */
  decodedPixels: z.int().min(1),
  /** Pixels of the result. */
  width: z.int().min(1),
  height: z.int().min(1),
  model: modelSchema.nullable(),
  /** Notes for a person about how it was made, one sentence each, such as 'Made as PNG: …'. */
  notes: z.array(z.string()),
  thumbnails: madeThumbnailsSchema,
  /** Milliseconds from the check of the input to the written result and its thumbnails, in the child. */
  processMs: z.number().min(0),
  /** The model's part of that; null for an operation without a model. */
  inferenceMs: z.number().min(0).nullable(),
  /** The parts of `processMs`. */
  steps: z.array(stepTimeSchema),
});
export type ProcessedImage = z.infer<typeof processedImageSchema>;

/**
 * How a job ended in a child that is still alive. A failure is a value, not an exception, because a thrown error
 * would lose its class on the way.
 */
export const childOutcomeSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('processed'), image: processedImageSchema }),
  z.object({
    kind: z.enum(['permanent', 'retryable']),
    code: z.enum(failureCodeList),
    /** For the person who sent the picture. */
    message: z.string(),
    /** For the log: may name paths. */
    detail: z.string(),
  }),
  z.object({
    kind: z.literal('machine'),
    lack: z.enum(machineLacks),
    message: z.string(),
    detail: z.string(),
  }),
  /** An unforeseen error; see `UnexpectedError`. */
  z.object({ kind: z.literal('unexpected'), signature: z.string(), detail: z.string() }),
]);
export type ChildOutcome = z.infer<typeof childOutcomeSchema>;

/** The answer to a job. */
export const childAnswerSchema = z.object({
  outcome: childOutcomeSchema,
  /** Names of the models that are loaded now. The job may have replaced one. */
  models: z.array(z.string()),
});
export type ChildAnswer = z.infer<typeof childAnswerSchema>;
