import { z } from 'zod';

/**
 * What is traced of a job, from its upload to its end. A span's name is one of these, and so is a row of the job's
 * waterfall. `job.trace` is the context that all of them continue, so one job is one trace, over its moves and retries.
 */
export const spanMeanings = {
  upload: 'The site opens an upload session; for an upload without a traceparent, the object is there.',
  event: 'An event of an upload on its way: from the object being there to the routing that received it.',
  route: 'Routing makes the job: reserve, count, decide, publish.',
  publish: 'The message of a job is handed to Pub/Sub.',
  deliver: 'A worker takes up a delivery and works on its job. One for each attempt.',
  claim: 'The worker finds the job whose turn it is, and claims it.',
  download: 'The source is copied from the bucket to the worker.',
  process: 'A child process works on the picture, from waiting for a free one to its answer.',
  check: 'In the child: the structure of the picture is checked before it is decoded.',
  make: 'In the child: the operation decodes the picture and makes its result.',
  write: 'In the child: the result is written to a file.',
  thumbnails: 'In the child: source and result are made small for lists. For what visitors send alone.',
  store: 'Result and receipt, or the report of an error, are written to the bucket.',
  record: 'The outcome is written into the document of the job, where the claim still counts.',
  announce: 'What follows the end of a job: its event, its callback, the removal of what is left over.',
  move: 'A waiting job is sent to the other target, or back into its line.',
  requeue: 'The sweep gives a job a new message: its first was lost, or its worker is gone.',
  retry: 'A person runs an ended job once more. The new job continues the trace.',
  sweep:
    'A sweep that found something to do. It is a trace of its own; what it does for a job is in the trace of that.',
} as const;
export type SpanName = keyof typeof spanMeanings;

/** The steps that a child process times. It has no network, so the worker makes spans of them. */
export const childSteps = ['check', 'make', 'write', 'thumbnails'] as const satisfies readonly SpanName[];

/** When a step began, in milliseconds since 1970 by the machine's clock, and how long it took, in milliseconds. */
export const stepTimeSchema = z.object({
  step: z.enum(childSteps),
  startedAt: z.number(),
  ms: z.number().min(0),
});
export type StepTime = z.infer<typeof stepTimeSchema>;

/** Attributes of spans. */
export const spanAttributes = {
  jobId: 'spillway.job.id',
  operation: 'spillway.operation',
  target: 'spillway.target',
  attempt: 'spillway.attempt',
  epoch: 'spillway.epoch',
  worker: 'spillway.worker',
  /** Why the router chose the target. */
  reason: 'spillway.route.reason',
  /** How a delivery ended: the kind of its outcome. */
  outcome: 'spillway.outcome',
  /** Of a retry: the job that is run once more. */
  retryOf: 'spillway.retry_of',
} as const;
